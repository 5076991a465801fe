package template

// The lists behind the generators. Their order is part of what a seed promises: append to them, never reorder.

var firstNames = []string{
	"Ada", "Alan", "Amara", "Anton", "Aoife", "Astrid", "Barbara", "Bela", "Boris", "Carla", "Cedric", "Chen", "Clara", "Dario",
	"Dennis", "Edith", "Elena", "Emil", "Enzo", "Esther", "Farid", "Fatima", "Felix", "Freya", "Grace", "Hana", "Hedy", "Hugo",
	"Ida", "Imani", "Ines", "Ivan", "Jana", "Jonas", "Jorge", "Katya", "Kenji", "Lars", "Leila", "Linus", "Lucia", "Magnus",
	"Marta", "Mei", "Milan", "Nadia", "Nils", "Noor", "Olga", "Omar", "Otto", "Paula", "Pedro", "Petra", "Quentin", "Radia",
	"Ravi", "Rosa", "Samir", "Selma", "Sofia", "Tara", "Theo", "Tomas", "Uma", "Vera", "Viktor", "Wanda", "Xenia", "Yara", "Yusuf", "Zoe",
}

var lastNames = []string{
	"Abbott", "Alvarez", "Andersen", "Arnold", "Bakker", "Barnes", "Becker", "Berg", "Bianchi", "Brandt", "Carter", "Castillo",
	"Chandra", "Costa", "Dalton", "Dubois", "Eriksen", "Fischer", "Fleming", "Fontaine", "Fraser", "Garcia", "Gibson", "Hansen",
	"Harper", "Hoffman", "Holm", "Hughes", "Ishikawa", "Jansen", "Jensen", "Kaplan", "Keller", "Khan", "Kovacs", "Lang", "Larsen",
	"Lindgren", "Lopez", "Marin", "Mendes", "Meyer", "Moreau", "Murphy", "Nakamura", "Nielsen", "Novak", "Okafor", "Olsen", "Osman",
	"Palmer", "Park", "Pereira", "Petrov", "Quinn", "Reyes", "Rossi", "Sato", "Schmidt", "Silva", "Singh", "Stone", "Tanaka",
	"Turner", "Vargas", "Vogel", "Walsh", "Weber", "Winter", "Yilmaz", "Young", "Zeller",
}

var cities = []string{
	"Accra", "Amsterdam", "Athens", "Auckland", "Bangkok", "Barcelona", "Berlin", "Bogota", "Boston", "Brussels", "Budapest",
	"Cairo", "Chicago", "Copenhagen", "Dakar", "Delhi", "Dublin", "Edinburgh", "Geneva", "Glasgow", "Hamburg", "Hanoi", "Helsinki",
	"Istanbul", "Jakarta", "Kigali", "Krakow", "Kyoto", "Lagos", "Lima", "Lisbon", "London", "Lyon", "Madrid", "Manila", "Melbourne",
	"Milan", "Montreal", "Mumbai", "Munich", "Nairobi", "Naples", "Oslo", "Osaka", "Ottawa", "Paris", "Porto", "Prague", "Quito",
	"Riga", "Rome", "Santiago", "Seattle", "Seoul", "Seville", "Singapore", "Sofia", "Stockholm", "Sydney", "Taipei", "Tallinn",
	"Tokyo", "Toronto", "Tunis", "Turin", "Utrecht", "Valencia", "Vienna", "Vilnius", "Warsaw", "Zagreb", "Zurich",
}

var countries = []string{
	"Argentina", "Australia", "Austria", "Belgium", "Bolivia", "Brazil", "Bulgaria", "Canada", "Chile", "China", "Colombia",
	"Croatia", "Cyprus", "Denmark", "Ecuador", "Egypt", "Estonia", "Ethiopia", "Finland", "France", "Germany", "Ghana", "Greece",
	"Hungary", "Iceland", "India", "Indonesia", "Ireland", "Italy", "Jamaica", "Japan", "Jordan", "Kenya", "Latvia", "Lithuania",
	"Luxembourg", "Malaysia", "Malta", "Mexico", "Morocco", "Namibia", "Nepal", "Netherlands", "Nigeria", "Norway", "Panama",
	"Paraguay", "Peru", "Philippines", "Poland", "Portugal", "Romania", "Rwanda", "Senegal", "Serbia", "Singapore", "Slovakia",
	"Slovenia", "Spain", "Sweden", "Switzerland", "Tanzania", "Thailand", "Tunisia", "Turkey", "Uganda", "Uruguay", "Vietnam", "Zambia",
}

var colors = []string{
	"amber", "aqua", "azure", "beige", "black", "blue", "bronze", "brown", "coral", "crimson", "cyan", "emerald", "gold", "gray",
	"green", "indigo", "ivory", "khaki", "lavender", "lime", "magenta", "maroon", "mint", "navy", "ochre", "olive", "orange",
	"orchid", "peach", "pink", "plum", "purple", "red", "rose", "ruby", "salmon", "silver", "tan", "teal", "turquoise", "violet",
	"white", "yellow",
}

var words = []string{
	"anchor", "apple", "autumn", "basket", "beacon", "birch", "border", "branch", "bridge", "bright", "candle", "canyon", "castle",
	"cedar", "circle", "cloud", "copper", "corner", "cotton", "dawn", "delta", "desert", "distant", "dream", "early", "ember",
	"engine", "evening", "falcon", "feather", "field", "finch", "forest", "fountain", "garden", "gentle", "glass", "golden",
	"granite", "harbor", "harvest", "hollow", "honey", "island", "ivory", "journey", "kettle", "lantern", "letter", "library",
	"lively", "maple", "marble", "market", "meadow", "mirror", "morning", "mountain", "narrow", "north", "ocean", "orchard",
	"paper", "pebble", "pepper", "planet", "pocket", "prairie", "quiet", "quilt", "rain", "raven", "ribbon", "river", "saddle",
	"shadow", "shelter", "silent", "silver", "simple", "spring", "station", "steady", "stone", "summer", "thunder", "timber",
	"tower", "valley", "velvet", "village", "violin", "walnut", "wander", "water", "willow", "window", "winter", "yellow", "zephyr",
}

// exampleDomains are reserved, so that no made-up address ever belongs to somebody.
var exampleDomains = []string{"example.com", "example.net", "example.org"}
