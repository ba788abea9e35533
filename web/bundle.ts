// Makes the dashboard's bundle, web/dist, with Vite.
import { join } from 'node:path'
import { build, type InlineConfig } from 'vite'

const ROOT = import.meta.dirname

/** Where the bundle is: index.html, its classic scripts, and under assets/ what has a hash in its name. */
export const BUNDLE = join(ROOT, 'dist')

const CONFIG: InlineConfig = {
  configFile: false,
  root: ROOT,
  // Relative addresses: it is served below any path that a proxy in front adds.
  base: './',
  // What a developer has in an .env file has no business in the executable.
  envDir: false,
  logLevel: 'warn',
  build: {
    outDir: BUNDLE,
    emptyOutDir: true,
    target: ['chrome120', 'firefox121', 'safari17.5'],
    // Everything is a file of its own name: the policy (CSP) lets no data: in but for images.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  css: { modules: { localsConvention: 'camelCaseOnly' } },
}

/** Builds it; throws what Vite found. */
export async function bundle(): Promise<void> {
  await build(CONFIG)
}

if (import.meta.main) await bundle()
