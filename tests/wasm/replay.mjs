// node replay.mjs MODULE JOURNAL: what follows from a journal, as the module says.
import { readFileSync, writeSync } from "node:fs";

const [, , module, journal] = process.argv;
// No imports: the core asks nothing of its host.
const { instance } = await WebAssembly.instantiate(readFileSync(module), {});
const { memory, room, replay, text } = instance.exports;

const file = readFileSync(journal);
const start = room(file.length);
// The memory may have grown, and its buffer is then another one.
new Uint8Array(memory.buffer, start, file.length).set(file);
const length = replay();
for (let rest = new Uint8Array(memory.buffer, text(), length); rest.length > 0; ) {
  rest = rest.subarray(writeSync(1, rest));
}
