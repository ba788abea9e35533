// Makes the dashboard's bundle with Vite: web/dist for who works on it, any other folder for the executable.
import { join, resolve } from 'node:path'
import { build, type InlineConfig, type Rolldown } from 'vite'

const ROOT = import.meta.dirname

/** Where the bundle is: index.html, its classic scripts, and under assets/ what has a hash in its name. */
export const BUNDLE = join(ROOT, 'dist')

const CONFIG: InlineConfig = {
  configFile: false,
  root: ROOT,
  mode: 'production',
  // Relative addresses: it is served below any path that a proxy in front adds.
  base: './',
  // What a developer has in an .env file has no business in the executable.
  envDir: false,
  logLevel: 'warn',
  build: {
    emptyOutDir: true,
    target: ['chrome120', 'firefox121', 'safari17.5'],
    // Everything is a file of its own name: the policy (CSP) lets no data: in but for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // On a busy machine it would be told that the styles took their time.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  css: { modules: { localsConvention: 'camelCaseOnly' } },
}

/** Builds it (or another page like it, of `root`) into a folder; throws what Vite found. */
export async function bundle(outDir: string = BUNDLE, root: string = ROOT): Promise<void> {
  // Vite keeps to what it finds there: in a test it would be another bundle.
  process.env['NODE_ENV'] = 'production'
  await build({ ...CONFIG, root, build: { ...CONFIG.build, outDir } })
}

/**
 * Builds web/dist, and again at each change. `told` hears of each time: null, or what is wrong. Ends with the
 * function that it gives.
 */
export async function watchBundle(told: (why: string | null) => void): Promise<() => Promise<void>> {
  process.env['NODE_ENV'] = 'production'
  const watcher = (await build({
    ...CONFIG,
    logLevel: 'silent',
    build: { ...CONFIG.build, outDir: BUNDLE, watch: {} },
  })) as Rolldown.RolldownWatcher
  let why: string | null = null
  watcher.on('event', (event) => {
    if (event.code === 'START') why = null
    if (event.code === 'ERROR') why = event.error.message
    // After an error as well.
    if (event.code === 'END') told(why)
    if ('result' in event) void event.result?.close()
  })
  return () => watcher.close()
}

if (import.meta.main) await bundle(...process.argv.slice(2, 3).map((folder) => resolve(folder)))
