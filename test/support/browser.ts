// Headless Chromium on a page of ours, which does what it finds at /runs and posts what came of it to
// /results.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { programPath } from './needs.ts'
import { isRunning, killAll, treeOf } from './processes.ts'
import { waitFor, within } from './wait.ts'

const PAGE = join(import.meta.dir, '../browser/page')

export interface BrowserOptions {
  /** What the page finds at /runs; a function is told where the page was loaded from. */
  readonly runs: unknown
  /** Puts something in front of the page's server, whose URL it is told; gives the URL to load instead. */
  readonly front?: (pages: string) => Promise<string>
  /** Public keys whose certificates are taken as they are (SHA-256 of SPKI, base64). */
  readonly trusted?: readonly string[]
}

/** Starts a browser, lets the page do its runs, and gives what it posts. */
export async function browserResults({ runs, front, trusted = [] }: BrowserOptions): Promise<unknown> {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  let url = ''
  const pages = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    routes: {
      '/': new Response(Bun.file(join(PAGE, 'index.html'))),
      '/relay.js': new Response(Bun.file(join(PAGE, 'relay.js'))),
      '/runs': () => Response.json(typeof runs === 'function' ? runs(url) : runs),
      '/results': {
        POST: async (request) => {
          resolve(await request.json())
          return new Response()
        },
      },
    },
    fetch: () => new Response('', { status: 404 }),
  })
  url = front === undefined ? String(pages.url) : await front(String(pages.url))
  const browser = startChromium(url, trusted)
  try {
    const early = browser.exited.then((text) => {
      throw new Error(`The browser ended: ${text}`)
    })
    early.catch(() => {})
    return await Promise.race([within(promise, 'the page to post its results'), early])
  } finally {
    await browser.stop()
    await pages.stop(true)
  }
}

interface Browser {
  /** What it said, once it ended. */
  readonly exited: Promise<string>
  stop(): Promise<void>
}

function startChromium(url: string, trusted: readonly string[]): Browser {
  const profile = mkdtempSync(join(tmpdir(), 'sluice-browser-'))
  const child = Bun.spawn(
    [
      programPath('chromium') ?? 'chromium',
      ...['--headless=new', '--disable-gpu', '--disable-dev-shm-usage', `--user-data-dir=${profile}`],
      // Root, as in a container, has no sandbox.
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      ...['--no-first-run', '--disable-extensions', '--disable-background-networking', '--disable-sync'],
      // Where there is nothing but lo, nothing would be gathered without it.
      '--allow-loopback-in-peer-connection',
      ...(trusted.length > 0 ? [`--ignore-certificate-errors-spki-list=${trusted.join(',')}`] : []),
      url,
    ],
    // Whatever it keeps at home goes into the profile as well.
    { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe', env: { ...process.env, HOME: profile } },
  )
  running.add(child.pid)
  const said = child.stderr.text()
  const stop = async (): Promise<void> => {
    const pids = treeOf(child.pid)
    killAll(pids)
    await child.exited
    running.delete(child.pid)
    // Its children write until they are gone.
    await waitFor(() => !pids.some(isRunning)).catch(() => {})
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  return { exited: child.exited.then(async (code) => `${code}: ${(await said).slice(-2000)}`), stop }
}

const running = new Set<number>()
process.on('exit', () => killAll([...running].flatMap(treeOf)))
