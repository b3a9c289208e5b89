// Draws points and lines over plotly figures without a redraw of them, names sliders for screen
// readers, and copies text. See glue.py for what a point and a line say.
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

function toPixels(host, axes, x, y) {
  const xaxis = host._fullLayout["xaxis" + axes], yaxis = host._fullLayout["yaxis" + axes];
  if (!xaxis || !yaxis) return { px: 0, py: 0, inside: false, right: 0 }; // while plotly redraws
  const px = xaxis._offset + xaxis.d2p(x), py = yaxis._offset + yaxis.d2p(y);
  const inside = px >= xaxis._offset - 1 && px <= xaxis._offset + xaxis._length + 1
    && py >= yaxis._offset - 1 && py <= yaxis._offset + yaxis._length + 1;
  return { px, py, inside: inside && isFinite(px) && isFinite(py),
    right: xaxis._offset + xaxis._length };
}

function place(group, point, host) {
  const { px, py, inside, right } = toPixels(host, point.axes, point.x, point.y);
  group.setAttribute("visibility", inside ? "visible" : "hidden");
  if (!inside) return;
  const [shape, text] = group.childNodes;
  const [left, top, offset] = point.kind === "square" ? ["x", "y", 5.5] : ["cx", "cy", 0];
  shape.setAttribute(left, px - offset);
  shape.setAttribute(top, py - offset);
  if (!text) return;
  const flip = px > right - 80;
  text.setAttribute("x", flip ? px - 11 : px + 11);
  text.setAttribute("y", py + { dot: 0, square: -11, pin: 12 }[point.kind]);
  text.setAttribute("text-anchor", flip ? "end" : "start");
}

function trace(path, line, host) {
  let pen = "M";
  const parts = [];
  line.x.forEach((x, index) => {
    const { px, py, inside } = toPixels(host, line.axes, x, line.y[index]);
    if (inside) parts.push(pen + px.toFixed(1) + "," + py.toFixed(1));
    pen = inside ? "L" : "M";
  });
  path.setAttribute("d", parts.join(""));
}

function pathOf(line) {
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("fill", "none");
  path.setAttribute("stroke", line.color);
  path.setAttribute("stroke-width", 2.2);
  return path;
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
      const own = (trait) => model.get(trait).filter((item) => "kit-figure-" + item.figure === name);
      const lines = own("lines"), points = own("points");
      const kinds = [...lines.map((line) => line.color),
        ...points.map((point) => point.kind + point.color + point.label)].join("|");
      const layer = layerOf(host);
      if (layer.dataset.kinds !== kinds) {
        layer.replaceChildren(...lines.map(pathOf), ...points.map(shapeOf));
        layer.dataset.kinds = kinds;
      }
      lines.forEach((line, index) => trace(layer.childNodes[index], line, host));
      points.forEach((point, index) => place(layer.childNodes[lines.length + index], point, host));
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
  model.on("change", () => { draw(); label(); });
  model.on("msg:custom", (message) => navigator.clipboard?.writeText(message.copy).catch(() => {}));
  setTimeout(settle, 0);
  el.hidden = true;
}

export default { render };
