"use strict";
// Three sounds run at once on one clock; which of them is heard is a matter of gain. So they cannot get apart.
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const find = (id) => document.getElementById(id);
  const play = find("play"), slider = find("position"), clock = find("clock"), equal = find("equal");
  const radios = [...document.querySelectorAll("input[name=part]")];
  const lanes = [...document.querySelectorAll(".lane")];
  const cursors = [...document.querySelectorAll(".cursor")];
  const FADE_S = 0.012;
  let context = null, buffers = null, gains = null, running = null, loading = null;
  let position = data.segments[0][0], stopAt = null, chosen = 1;

  // Segments stand one behind the other in the sound; each has its place in the recording.
  let sum = 0;
  const segments = data.segments.map(([start, seconds]) => {
    const segment = { start, end: start + seconds, offset: sum };
    sum += seconds;
    return segment;
  });
  const segmentAt = (time) => segments.find((each) => time >= each.start - 1e-6 && time < each.end - 0.01);
  const nearest = (time) => segments.reduce((best, each) => {
    const far = (one) => Math.max(one.start - time, time - one.end, 0);
    return far(each) < far(best) ? each : best;
  });

  const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
  const level = (i) => (i === chosen ? (equal.checked ? 10 ** (data.parts[i].gain_db / 20) : 1) : 0);

  const load = () => {
    loading ??= (async () => {
      context = new AudioContext();
      buffers = await Promise.all(data.parts.map((part) => context.decodeAudioData(bytes(part.mp3))));
      gains = buffers.map((_, i) => {
        const gain = new GainNode(context, { gain: level(i) });
        gain.connect(context.destination);
        return gain;
      });
    })();
    return loading;
  };

  const now = () => (running ? Math.min(running.from + Math.max(context.currentTime - running.since, 0), running.segment.end) : position);

  const stop = () => {
    if (!running) return;
    position = now();
    for (const source of running.sources) { source.onended = null; source.stop(); }
    running = null;
    show();
  };

  const start = async (from, until = null) => {
    try { await load(); await context.resume(); }
    catch (error) { find("status").textContent = "This browser cannot play the sound."; find("status").className = ""; return; }
    stop();
    const segment = segmentAt(from) ?? nearest(from);
    position = Math.min(Math.max(from, segment.start), segment.end - 0.02);
    stopAt = until ?? segment.end;
    const since = context.currentTime + 0.02;
    const sources = buffers.map((buffer, i) => {
      const source = new AudioBufferSourceNode(context, { buffer });
      source.connect(gains[i]);
      source.start(since, segment.offset + position - segment.start, stopAt - position);
      return source;
    });
    running = { sources, segment, since, from: position };
    show();
    requestAnimationFrame(tick);
  };

  const tick = () => {
    if (!running) return;
    if (now() >= stopAt - 0.005) { stop(); position = running ? position : Math.min(stopAt, data.seconds); show(); return; }
    show();
    requestAnimationFrame(tick);
  };

  const seek = (time) => {
    const at = Math.min(Math.max(time, 0), data.seconds);
    if (running) start(at);
    else { const segment = segmentAt(at) ?? nearest(at); position = Math.min(Math.max(at, segment.start), segment.end); show(); }
  };

  const text = (time) => `${Math.floor(time / 60)}:${(time % 60).toFixed(1).padStart(4, "0")}`;

  const show = () => {
    const time = now();
    slider.value = time;
    slider.setAttribute("aria-valuetext", `${time.toFixed(1)} seconds`);
    clock.value = text(time);
    for (const cursor of cursors) cursor.style.left = `${(100 * time) / Math.max(data.seconds, 1e-9)}%`;
    play.classList.toggle("playing", running !== null);
    play.setAttribute("aria-label", running ? "Pause" : "Play");
  };

  const choose = (i) => {
    chosen = i;
    radios[i].checked = true;
    lanes.forEach((lane, k) => lane.classList.toggle("chosen", k === i));
    gains?.forEach((gain, k) => gain.gain.setTargetAtTime(level(k), context.currentTime, FADE_S / 3));
  };

  const toggle = () => {
    if (running) return stop();
    const segment = segmentAt(position);
    // At its end a stretch begins anew, or the next one, if there is one.
    const next = segments.find((each) => each.start >= position - 0.02) ?? segments[0];
    return start(segment ? position : next.start);
  };

  play.addEventListener("click", toggle);
  slider.addEventListener("input", () => seek(Number(slider.value)));
  equal.addEventListener("change", () => choose(chosen));
  radios.forEach((radio, i) => radio.addEventListener("change", () => choose(i)));
  for (const button of document.querySelectorAll(".place"))
    button.addEventListener("click", () => {
      const from = Number(button.dataset.start);
      start(from, from + Number(button.dataset.seconds));
    });
  for (const plot of document.querySelectorAll(".lane .plot, .found, #reduction"))
    plot.addEventListener("click", (event) => {
      const box = plot.getBoundingClientRect();
      seek(((event.clientX - box.left) / box.width) * data.seconds);
    });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const on = event.target;
    if (["1", "2", "3"].includes(event.key)) choose(Number(event.key) - 1);
    else if (event.key === " " && !on.matches("button, input[type=checkbox], summary")) { toggle(); event.preventDefault(); }
    else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && !on.matches("input, .scroll")) seek(now() + (event.key === "ArrowLeft" ? -2 : 2));
  });

  const held = find("held");
  if (sum < data.seconds - 0.2)
    for (const segment of segments) {
      const mark = document.createElement("i");
      mark.style.left = `${(100 * segment.start) / data.seconds}%`;
      mark.style.width = `${(100 * (segment.end - segment.start)) / data.seconds}%`;
      held.append(mark);
    }
  choose(1);
  show();
  // For whoever looks from outside: tests, and other scripts on this page.
  window.dapReport = { load, position: now, heard: () => data.parts[chosen].name, levels: () => gains?.map((gain) => gain.gain.value), buffers: () => buffers };
})();
