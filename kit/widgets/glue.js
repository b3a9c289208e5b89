// Draws the chosen points over plotly figures without a redraw of them, names sliders for screen
// readers, and copies text. A point says: figure (class), x, y, kind, color, label.
const SVG = "http://www.w3.org/2000/svg";

function layerOf(host) {
  const layer = host.querySelector("g.kit-marks");
  if (layer) return layer;
  const fresh = document.createElementNS(SVG, "g");
  fresh.setAttribute("class", "kit-marks");
  fresh.setAttribute("pointer-events", "none");
  host.querySelectorAll(".main-svg")[0].appendChild(fresh);
  return fresh;
}

function shapeOf(point) {
  const shape = document.createElementNS(SVG, point.kind === "square" ? "rect" : "circle");
  const size = point.kind === "small" ? 4.5 : 6.5;
  if (point.kind === "square") {
    for (const side of ["width", "height"]) shape.setAttribute(side, 2 * size - 2);
  } else shape.setAttribute("r", size);
  shape.setAttribute("fill", point.kind === "pin" ? "none" : point.color);
  shape.setAttribute("stroke", point.kind === "pin" ? point.color : "var(--jp-layout-color0, #fff)");
  shape.setAttribute("stroke-width", point.kind === "pin" ? 2.5 : 1.5);
  const group = document.createElementNS(SVG, "g");
  group.appendChild(shape);
  if (point.kind !== "small") {
    const text = document.createElementNS(SVG, "text");
    text.textContent = point.label;
    text.setAttribute("font-size", 11);
    text.setAttribute("dy", 4);
    group.appendChild(text);
  }
  return group;
}

function place(group, point, host) {
  const { xaxis, yaxis } = host._fullLayout;
  const x = xaxis._offset + xaxis.d2p(point.x);
  const y = yaxis._offset + yaxis.d2p(point.y);
  const inside = x >= xaxis._offset - 1 && x <= xaxis._offset + xaxis._length + 1
    && y >= yaxis._offset - 1 && y <= yaxis._offset + yaxis._length + 1;
  const seen = inside && isFinite(x) && isFinite(y);
  group.setAttribute("visibility", seen ? "visible" : "hidden");
  if (!seen) return;
  const [shape, text] = group.childNodes;
  const [left, top, offset] = point.kind === "square" ? ["x", "y", 5.5] : ["cx", "cy", 0];
  shape.setAttribute(left, x - offset);
  shape.setAttribute(top, y - offset);
  if (!text) return;
  const flip = x > xaxis._offset + xaxis._length - 80;
  text.setAttribute("x", flip ? x - 11 : x + 11);
  text.setAttribute("y", point.kind === "dot" ? y : y + 12);
  text.setAttribute("text-anchor", flip ? "end" : "start");
}

function render({ model, el }) {
  const panel = () => document.querySelector("." + model.get("panel"));
  const figures = () => [...(panel()?.querySelectorAll(".js-plotly-plot") ?? [])];
  const watched = new WeakSet();
  const draw = () => {
    for (const host of figures()) {
      if (!host._fullLayout?.xaxis || !host.querySelector(".main-svg")) continue;
      if (!watched.has(host)) {
        watched.add(host);
        host.on("plotly_afterplot", draw);
        host.setAttribute("role", "img");
      }
      const holder = host.closest("[class*='kit-figure-']");
      const name = [...(holder?.classList ?? [])].find((item) => item.startsWith("kit-figure-"));
      const points = model.get("points").filter((point) => "kit-figure-" + point.figure === name);
      const kinds = points.map((point) => point.kind + point.color + point.label).join("|");
      const layer = layerOf(host);
      if (layer.dataset.kinds !== kinds) {
        layer.replaceChildren(...points.map(shapeOf));
        layer.dataset.kinds = kinds;
      }
      points.forEach((point, index) => place(layer.childNodes[index], point, host));
    }
  };
  const label = () => {
    for (const row of panel()?.querySelectorAll(".widget-inline-hbox") ?? []) {
      const text = row.querySelector("label")?.textContent?.trim();
      const handle = row.querySelector(".noUi-handle");
      if (handle && text) {
        handle.setAttribute("aria-label", text);
        const shown = row.querySelector(".widget-readout")?.textContent;
        if (shown) handle.setAttribute("aria-valuetext", shown);
      }
    }
  };
  let tries = 0;
  const settle = () => {
    label();
    draw();
    if (++tries < 50 && figures().some((host) => !watched.has(host))) setTimeout(settle, 100);
    else if (tries < 3) setTimeout(settle, 100);
  };
  model.on("change:points", () => { draw(); label(); });
  model.on("msg:custom", (message) => navigator.clipboard?.writeText(message.copy).catch(() => {}));
  setTimeout(settle, 0);
  el.hidden = true;
}

export default { render };
