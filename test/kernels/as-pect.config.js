// as-pect's own settings; scripts/kernel-tests.mjs names the specs and runs it.

/** What a barrier of two asked the host to wait for. */
function waitWhile(memory, address, value) {
  const found = new Int32Array(memory.buffer)[address >> 2];
  if (found !== value) throw new Error(`waitWhile(${address}, ${value}): the word there is ${found}`);
}

export default {
  entries: [],
  include: [],
  disclude: [/node_modules/],
  async instantiate(memory, createImports, instantiate, binary) {
    let instance;
    const env = { memory, waitWhile: (address, value) => waitWhile(instance.exports.memory, address, value) };
    instance = instantiate(binary, createImports({ env }));
    return instance.then((made) => {
      instance = made;
      return made;
    });
  },
  outputBinary: false,
};
