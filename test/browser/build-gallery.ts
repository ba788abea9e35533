// Builds the gallery of the dashboard's parts into a folder: bun test/browser/build-gallery.ts FOLDER
import { join, resolve } from 'node:path'
import { bundle } from '../../web/bundle.ts'

const [folder] = process.argv.slice(2)
if (folder === undefined) throw new Error('where to? bun test/browser/build-gallery.ts FOLDER')
await bundle(resolve(folder), join(import.meta.dirname, 'gallery'))
