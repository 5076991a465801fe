// What a script in a report finds out: how the page is painted, and whether all of it can be seen and read.
(() => {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  // Relative luminance and contrast, as WCAG 2 defines them.
  const luminance = (colour) => {
    const [r, g, b] = channels(colour).map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x);
    return (high + 0.05) / (low + 0.05);
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (channels(colour)[3] !== 0) return colour;
    }
    return "rgb(255, 255, 255)";
  };

  const pale = [];
  for (const e of document.querySelectorAll("h1, h2, p, code, pre, summary, b, td, th, label, figcaption, i, text")) {
    if (!e.textContent.trim() || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    const ratio = contrast(e.namespaceURI.endsWith("svg") ? style.fill : style.color, behind(e.closest("figure") || e));
    if (ratio < 4.5) pale.push(`${e.tagName}.${e.className.baseVal ?? e.className} ${e.textContent.slice(0, 20)} ${ratio.toFixed(1)}`);
  }

  const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom - 2 && b.top < a.bottom - 2;
  const charts = [...document.querySelectorAll(".load figure")].map((figure) => {
    const svg = figure.querySelector("svg");
    const box = svg.getBoundingClientRect();
    const marks = [...svg.querySelectorAll("polyline, rect")];
    const texts = [...svg.querySelectorAll("text")];
    const beyond = (e) => {
      const b = e.getBoundingClientRect();
      return b.left < box.left - 1 || b.right > box.right + 1 || b.top < box.top - 1 || b.bottom > box.bottom + 1;
    };
    const paint = (e) => (e.tagName === "rect" ? getComputedStyle(e).fill : getComputedStyle(e).stroke);
    const places = texts.map((e) => e.getBoundingClientRect());
    return {
      title: svg.getAttribute("aria-label"),
      width: box.width,
      height: box.height,
      marks: marks.length,
      outside: [...marks, ...texts, ...svg.querySelectorAll("circle")].filter(beyond).length,
      flat: marks.every((e) => e.getBoundingClientRect().height < 1),
      dim: marks.filter((e) => contrast(paint(e), behind(figure)) < 3).length,
      over: places.filter((a, i) => places.some((b, k) => k > i && overlap(a, b))).length,
      legend: figure.querySelectorAll("figcaption i").length,
    };
  });

  const narrow = (e) => e.innerText.length > 3 && e.getBoundingClientRect().height > 12 * e.getBoundingClientRect().width;
  return {
    background: luminance(getComputedStyle(document.body).backgroundColor),
    pale,
    charts,
    squeezed: [...document.querySelectorAll("td, th")].filter(narrow).map((e) => e.innerText),
    wide: document.documentElement.scrollWidth - innerWidth,
    title: document.title,
    text: document.body.innerText,
  };
})();
