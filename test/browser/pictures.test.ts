// The pictures of the README: the dashboard of `sluice demo`, as whoever runs that sees it. SLUICE_PICTURES=1
// makes them anew in docs/pictures/; else they are made in the same way and thrown away.
import { afterAll, beforeAll, expect } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { launchChromium, settled } from '../support/dashboard.ts'
import { type Demo, startDemo } from '../support/demo.ts'
import { needs, programPath } from '../support/needs.ts'
import { waitFor } from '../support/wait.ts'

const test = needs('chromium')

const IS_FOR_README = process.env['SLUICE_PICTURES'] === '1'
/** What GitHub shows at once, and a clone does not feel. */
const PICTURE_BYTES_MAX = 200 * 1024
/** The first faces of --sans and --mono that Debian has: with others text is wider than it was. */
const FACES = { Inter: 'fonts-inter', 'JetBrains Mono': 'fonts-jetbrains-mono' }
/** How long the demo has run in the pictures of the README. */
const RUN_MS = 120_000
const WIDTH = 1280
const HEIGHT = 800

interface Picture {
  readonly name: string
  readonly theme: 'light' | 'dark'
  readonly path: string | ((demo: Demo) => string)
  /** What is done on the page before. */
  readonly until: (page: Page) => Promise<unknown>
}

/** Figures are there, and not only their places. */
const figures = (page: Page): Promise<void> =>
  page
    .getByText(/^[\d,.]+ ?\/s$/)
    .first()
    .waitFor()

const PICTURES: readonly Picture[] = [
  { name: 'overview-light', theme: 'light', path: '/', until: figures },
  {
    name: 'rules',
    theme: 'dark',
    path: ({ web }) => `/rules?test=${encodeURIComponent(`${web}/api/orders/8812`)}`,
    until: (page) => page.getByText('taken', { exact: true }).first().waitFor(),
  },
  { name: 'review', theme: 'light', path: '/backends/fruit/servers/apple', until: weightToReview },
]

/** A weight is another in the draft, and the draft is looked through. */
async function weightToReview(page: Page): Promise<void> {
  const drawer = page.getByRole('complementary', { name: 'apple' }).or(page.getByRole('dialog'))
  await drawer.getByLabel('Weight').fill('5')
  await page.keyboard.press('Control+s')
  await page.getByRole('heading', { level: 1, name: 'Review' }).waitFor()
}

let demo: Demo | null = null
let browser: Browser | null = null
const folder = mkdtempSync(join(tmpdir(), 'sluice-pictures-'))
const target = IS_FOR_README ? join(import.meta.dir, '../../docs/pictures') : folder
let readyMs = 0
let state: BrowserContextOptions['storageState']

beforeAll(async () => {
  if (programPath('chromium') === null) return
  mkdirSync(target, { recursive: true })
  ;[demo, browser] = await Promise.all([startDemo(IS_FOR_README ? 'wanted' : 'any'), launchChromium(folder)])
  readyMs = performance.now()
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(demo.link)
  await page.getByRole('navigation', { name: 'Main' }).first().waitFor()
  state = await context.storageState()
  await context.close()
})
afterAll(async () => {
  await browser?.close()
  await demo?.stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

for (const { name, theme, path, until } of PICTURES) {
  test(`the picture ${name} is made`, async () => {
    if (demo === null || browser === null) throw new Error('The demo and the browser did not start.')
    if (IS_FOR_README) expectFaces()
    if (IS_FOR_README) await hasRun()
    const context = await browser.newContext({
      ...{ storageState: state, colorScheme: theme, reducedMotion: 'reduce', locale: 'en-GB' },
      viewport: { width: WIDTH, height: HEIGHT },
    } as BrowserContextOptions)
    const page = await context.newPage()
    await page.goto(`${demo.admin}/_admin${typeof path === 'string' ? path : path(demo)}`)
    await until(page)
    await settled(page)
    const png = await page.screenshot({ path: join(target, `${name}.png`), animations: 'disabled' })
    expect(png.length).toBeLessThan(PICTURE_BYTES_MAX)
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([WIDTH, HEIGHT])
    await context.close()
  })
}

/** Its lines have minutes behind them, and are no dots. */
async function hasRun(): Promise<void> {
  await waitFor(() => performance.now() - readyMs > RUN_MS, { everyMs: 1000, forMs: 2 * RUN_MS })
}

function expectFaces(): void {
  for (const [face, parcel] of Object.entries(FACES)) {
    const found = Bun.spawnSync(['fc-match', '-f', '%{family}', face]).stdout.toString()
    if (!found.startsWith(face)) throw new Error(`The pictures want ${face}: install ${parcel}.`)
  }
}
