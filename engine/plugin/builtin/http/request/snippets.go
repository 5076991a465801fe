package request

import "github.com/speclens/speclens/schema"

// snippets are tests to begin with.
func snippets() []schema.Snippet {
	return []schema.Snippet{
		{
			Prefix: "login", Title: "log in and save the token",
			Description: "Sends a name and a password, and saves the token that comes back. Other tests use it as `{{ token }}`.",
			Body: `- name: ${1:log in}
  alias: ${name:auth}
  method: POST
  resource: ${2:/login}
  body:
    ${3:name}: ${4:ada}
    ${5:password}: "${6:secret}"
  expect:
    status: ${7:200}
    body:
      ${8:token}: is string
  save:
    ${name:token}: response.body.$8
`,
		},
		{
			Prefix: "authorised", Title: "a request with credentials",
			Description: "Says who asks, with a credential that the project has where there is one.",
			Body: `- name: ${1:only for those who may}
  method: ${2|GET,POST,PUT,PATCH,DELETE|}
  resource: ${3:/me}
  headers:
    Authorization: "Bearer ${credential:TOKEN}"
  expect:
    status: ${4:200}
`,
		},
		{
			Prefix: "crud", Title: "create, read, replace, delete",
			Description: "Creates something, and reads, replaces and deletes it by the id that came back, one after the other.",
			Body: `- name: create ${1:a thing}
  alias: ${name:created}
  method: POST
  resource: ${2:/things}
  body:
    ${3:name}: ${4:first}
  expect:
    status: ${5:201}
    body:
      ${6:id}: exists
  save:
    ${name:id}: response.body.$6
- name: read $1
  alias: ${name:read}
  method: GET
  resource: "$2/{{ ${name:id} }}"
  expect:
    status: 200
    body:
      $3: $4
- name: replace $1
  alias: ${name:replaced}
  depends: ["${name:read}"]
  method: PUT
  resource: "$2/{{ ${name:id} }}"
  body:
    $3: ${7:second}
  expect:
    status: 2xx
- name: delete $1
  depends: ["${name:replaced}"]
  method: DELETE
  resource: "$2/{{ ${name:id} }}"
  expect:
    status: 2xx
`,
		},
		{
			Prefix: "poll", Title: "ask until it is so",
			Description: "Asks again and again until the answer is what is waited for, and fails where it never is.",
			Body: `- name: ${1:it is done in the end}
  method: GET
  resource: ${2:/jobs/1}
  retry:
    maxAttempts: ${3:10}
    interval: ${4:1s}
    until:
      status: ${5:200}
      body:
        ${6:status}: ${7:done}
  expect:
    status: $5
`,
		},
	}
}
