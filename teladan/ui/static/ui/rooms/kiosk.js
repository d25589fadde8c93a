// The kiosk. A rating is sealed to the server's key, written to the outbox on the tablet, sent when there is a
// connection, and forgotten only when the server's signature says that it was received. Nothing readable stays here.
const { kiosk, boxKey, ackKey, outbox, typed, worker, page, cap, batch, idle, thanks } = document.body.dataset;
const $ = (selector) => document.querySelector(selector);
const text = new TextEncoder();

// --- bytes and keys ----------------------------------------------------------------------------------------------

const toText = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const toBytes = (value) => Uint8Array.from(atob(value.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const point = toBytes(boxKey);
const serverKey = await crypto.subtle.importKey("raw", point, { name: "ECDH", namedCurve: "P-256" }, false, []);
const verifyKey = await crypto.subtle.importKey("raw", toBytes(ackKey), { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);

const seal = async (id, content) => {
  const own = await crypto.subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, false, ["deriveBits"]);
  const key = new Uint8Array(await crypto.subtle.exportKey("raw", own.publicKey));
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: serverKey }, own.privateKey, 256);
  const salt = new Uint8Array([...key, ...point]);
  const secret = await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt, info: text.encode("teladan-kiosk-box-v1") },
    await crypto.subtle.importKey("raw", shared, "HKDF", false, ["deriveKey"]),
    { name: "AES-GCM", length: 256 }, false, ["encrypt"],
  );
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const box = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv, additionalData: text.encode(`${kiosk}|${id}`) }, secret, text.encode(JSON.stringify(content)),
  );
  return { id, key: toText(key), iv: toText(iv), box: toText(box) };
};

const isSigned = (id, signature) =>
  crypto.subtle.verify(
    { name: "ECDSA", hash: "SHA-256" }, verifyKey, toBytes(signature), text.encode(`teladan-kiosk-ack-v1|${kiosk}|${id}`),
  );

// --- the outbox: queued -> sent -> (acknowledged) gone ---------------------------------------------------------------

const database = await new Promise((resolve, reject) => {
  const opening = indexedDB.open(`teladan-${kiosk}`, 1);
  opening.onupgradeneeded = () => opening.result.createObjectStore("letters", { keyPath: "id" });
  opening.onsuccess = () => resolve(opening.result);
  opening.onerror = () => reject(opening.error);
});
navigator.storage?.persist?.();

const inStore = (mode, act) =>
  new Promise((resolve, reject) => {
    const work = database.transaction("letters", mode, { durability: "strict" }); // a power cut must not undo "thank you"
    const request = act(work.objectStore("letters"));
    work.oncomplete = () => resolve(request?.result);
    work.onerror = work.onabort = () => reject(work.error);
  });
const put = (letter) => inStore("readwrite", (store) => store.put(letter));
const forget = (id) => inStore("readwrite", (store) => store.delete(id));
const all = () => inStore("readonly", (store) => store.getAll());
const count = () => inStore("readonly", (store) => store.count());

let latest = null; // the letter of whoever stands here now; its receipt's code is shown and kept nowhere
let held = null; // the letter whose second page is still open: it waits until that is done
let sending = false;
let again = false;

const showState = async () => {
  const letters = await all();
  const bad = letters.filter((one) => one.state === "unreadable").length;
  const waiting = letters.length - bad;
  for (const [name, n] of [["waiting", waiting], ["unreadable", bad]]) {
    const line = $(`[data-${name}]`);
    line.hidden = n === 0;
    line.querySelector("[data-count]").textContent = n;
  }
  if ($("#penuh").hidden === false && letters.length < Number(cap)) show("mulai");
};

const showCode = (code) => {
  $("[data-receipt]").hidden = !code;
  $("[data-receipt] strong").textContent = code;
};

const settle = async ({ id, fate, signature, code }, letters) => {
  const letter = letters.find((one) => one.id === id);
  if (!letter) return;
  if (fate === "accepted" && (await isSigned(id, signature))) {
    await forget(id);
    if (code && id === latest && !$("#terima-kasih").hidden) showCode(code);
  } else if (fate === "unreadable") await put({ ...letter, state: "unreadable" });
};

const send = async () => {
  if (sending) return void (again = true);
  sending = true;
  try {
    do {
      again = false;
      const letters = (await all()).filter((one) => one.state !== "unreadable" && one.id !== held).slice(0, Number(batch));
      if (!letters.length) break;
      for (const one of letters) if (one.state !== "sent") await put({ ...one, state: "sent" });
      const body = JSON.stringify({
        waiting: Math.min(await count(), Number(cap)),
        letters: letters.map(({ id, key, iv, box }) => ({ id, key, iv, box })),
      });
      const response = await fetch(outbox, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      $("[data-shut-out]").hidden = response.status !== 401;
      if (!response.ok) break;
      const { answers } = await response.json();
      const before = await count();
      for (const answer of answers) await settle(answer, letters);
      again ||= (await count()) < before; // there may be more, and it goes well
    } while (again);
  } catch {
    // No connection, or the answer was cut off: everything stays and is sent again.
  } finally {
    sending = false;
    await showState();
  }
};
setInterval(send, 10_000);
addEventListener("online", send);

// --- steps -------------------------------------------------------------------------------------------------------------

let ticket = null;
let answers = null;
let timer = null;
let camera = null;

const show = (name) => {
  for (const step of document.querySelectorAll(".step")) step.hidden = step.id !== name;
  if (name !== "pindai") stopCamera();
  if (name === "mulai") reset();
  if (name === "terima-kasih") release();
  scrollTo(0, 0);
  const heading = $(`#${name} h1`);
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  touch();
};

const reset = () => {
  ticket = answers = latest = null;
  showCode("");
  for (const form of document.forms) form.reset();
  for (const line of document.querySelectorAll("[role=alert]")) line.hidden = true;
  release();
};
const release = () => {
  held = null;
  send();
};

const touch = () => {
  clearTimeout(timer);
  const current = document.querySelector(".step:not([hidden])")?.id;
  if (!current || current === "penuh") return;
  const empty = current === "mulai" && ![...$("#ketik").elements].some((field) => field.value);
  if (empty) return;
  timer = setTimeout(() => show("mulai"), 1000 * Number(current === "terima-kasih" ? thanks : idle));
};
for (const kind of ["pointerdown", "keydown", "input"]) addEventListener(kind, touch, { passive: true });
document.addEventListener("click", (event) => {
  const to = event.target.closest?.("[data-to]")?.dataset.to;
  if (to) show(to);
});

const begin = async (found) => {
  if ((await count()) >= Number(cap)) return show("penuh");
  ticket = found;
  show("nilai");
};

// --- the ticket: camera, a scanner that types, or hands ------------------------------------------------------------------

const ALPHABET = /^[0-9A-HJKMNP-TV-Z]{26}$/;
const tokenIn = (value) => {
  const last = value.trim().split("/n/").pop().toUpperCase().replace(/[\s-]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
  return ALPHABET.test(last) ? last : null;
};

const stopCamera = () => {
  camera?.getTracks().forEach((track) => track.stop());
  camera = null;
};
if ("BarcodeDetector" in window && navigator.mediaDevices) {
  $("#kamera").hidden = false;
  $("#kamera").addEventListener("click", async () => {
    try {
      const video = $("#bidik");
      camera = video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
      show("pindai");
      await video.play();
      const detector = new BarcodeDetector({ formats: ["qr_code"] });
      while (camera) {
        const token = (await detector.detect(video)).map((code) => tokenIn(code.rawValue)).find(Boolean);
        if (token) return begin({ token });
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    } catch {
      show("mulai"); // no camera, or not allowed: hands type
      $("#kamera").hidden = true;
    }
  });
}

const number = $("#ketik [name=number]");
number.removeAttribute("maxlength"); // a scanner types the whole address of the ticket
number.addEventListener("input", () => {
  const token = tokenIn(number.value);
  if (token) begin({ token });
});
$("#ketik").addEventListener("submit", async (event) => {
  event.preventDefault();
  const token = tokenIn(number.value);
  if (token) return begin({ token });
  const given = { number: number.value, code: $("#ketik [name=code]").value };
  const verdict = await check(given);
  $("[data-mismatch]").hidden = verdict !== "mismatch";
  $("[data-locked]").hidden = verdict !== "locked";
  if (verdict === "go") begin(given);
});

// While there is a connection a mistyped code can still be corrected; without one it is taken as it stands.
const check = async (given) => {
  if (given.number.replace(/\D/g, "").length !== 7 || given.code.replace(/[\s-]/g, "").length !== 8) return "mismatch";
  try {
    const response = await fetch(typed, {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(given), signal: AbortSignal.timeout(3000),
    });
    if (response.status === 429) return "locked";
    if (!response.ok) return "go";
    return (await response.json()).fits ? "go" : "mismatch";
  } catch {
    return "go";
  }
};

// --- answering -----------------------------------------------------------------------------------------------------------

const chosen = (form) =>
  Object.fromEntries([...new FormData(form)].filter(([name]) => name !== "comment").map(([name, value]) => [name, Number(value)]));

const write = async (comment) => {
  latest = held ??= crypto.randomUUID();
  await put({ ...(await seal(held, { ...ticket, answers, comment })), state: "queued" });
};

$("#pertama").addEventListener("submit", async (event) => {
  event.preventDefault();
  answers = chosen(event.target);
  $("[data-missing]").hidden = "overall" in answers;
  if (!("overall" in answers)) return;
  await write("");
  show("lanjut");
});
$("#pertama").addEventListener("change", (event) => {
  if ("overall" in chosen(event.currentTarget)) $("[data-missing]").hidden = true;
});
$("#kedua").addEventListener("submit", async (event) => {
  event.preventDefault();
  answers = { ...answers, ...chosen(event.target) };
  await write(event.target.elements.comment.value);
  show("terima-kasih");
});

// --- start -----------------------------------------------------------------------------------------------------------------

await navigator.serviceWorker?.register(worker, { scope: page });
show((await count()) >= Number(cap) ? "penuh" : "mulai");
document.body.dataset.ready = "";
