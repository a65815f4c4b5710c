/**
 * Where imports between the top folders lead when dependencies are looked at: to the sources. package.json's `imports`
 * leads to what was built from them, which no rule about folders would recognise.
 */
const { join } = require('node:path');

const folders = ['flowtable', 'datapath', 'src', 'bench'];

module.exports = {
  resolve: {
    alias: Object.fromEntries(folders.map((folder) => [`#${folder}`, join(__dirname, folder)])),
    extensionAlias: { '.js': ['.ts', '.js'] },
  },
};
