// What must be heard.

const RING_MS = 2_000;
const TONE_S = 0.4;

let sound;

/** Tell whether the browser lets the page sound; it does after somebody has touched it. */
export const canSound = () => sound?.state === "running";

/** Sound every other second the tone (Hz) that `calling` gives, if any; `changed` is told when it can or cannot. */
export function ring(calling, changed) {
  const wake = () => {
    if (!sound) {
      sound = new AudioContext();
      sound.addEventListener("statechange", changed);
    }
    sound.resume();
  };
  for (const touch of ["pointerup", "keydown"]) addEventListener(touch, wake);
  setInterval(() => {
    const frequency = calling();
    if (!frequency || !canSound()) return;
    const tone = new OscillatorNode(sound, { frequency });
    tone.connect(sound.destination);
    tone.start();
    tone.stop(sound.currentTime + TONE_S);
  }, RING_MS);
}
