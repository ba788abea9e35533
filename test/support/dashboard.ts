// The dashboard of the executable, in Chromium: one gateway and one browser for a file of tests, and for each
// test a context of its own, as fresh as that of somebody who comes for the first time.
import { afterAll, beforeAll } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import type { Role } from '../../server/control/store/principal.ts'
import { Browser as ApiBrowser } from './admin-world.ts'
import { startNamed } from './backends.ts'
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts'
import { needs, programPath } from './needs.ts'
import type { Origin } from './origin.ts'
import { PageWatch } from './page-watch.ts'
import { PASSWORD } from './store-world.ts'
import { PATIENCE_MS, waitFor } from './wait.ts'

/** Below that of other waits, which are in the test around it. */
const PAGE_PATIENCE_MS = PATIENCE_MS / 2

export interface DashboardOptions {
  /** Names of servers that answer with their name. */
  readonly servers?: readonly string[]
  /** The config (see GatewayOptions), or what makes it of the servers' URLs. */
  readonly config:
    | GatewayOptions['config']
    | ((urls: Readonly<Record<string, string>>) => GatewayOptions['config'])
  /** Users that there are, each called like its role; the first is an admin. None: set-up is to come. */
  readonly users?: readonly Role[]
}

/** How a page is shown. */
export interface View {
  readonly width?: number
  readonly height?: number
  readonly theme?: 'light' | 'dark'
  readonly isForcedColors?: boolean
}

/** What a test has of its file's gateway, and for itself. */
export interface Scene {
  readonly gateway: Gateway
  /** A page that shows nothing yet. */
  readonly page: Page
  /** What the pages of this test may not do, but for what `mean` names. */
  readonly watch: PageWatch
  /** The servers, by name. */
  readonly servers: ReadonlyMap<string, Origin>
  /** The address of a path of the dashboard: '/backends/api?tab=checks'. */
  url(path: string): string
  /** Goes to it, and waits until the page has what it needs. */
  open(path: string, page?: Page): Promise<void>
  /** Signs a page's context in without the page of sign-in, which has tests of its own. */
  signIn(name: Role, page?: Page): Promise<void>
  /** A page of somebody else: of a context of its own, watched as well. */
  another(view?: View): Promise<Page>
  /** Ends the gateway in good order and starts it with its file and data again: `gateway` is the new one. */
  restart(): Promise<void>
}

type Run = (scene: Scene) => Promise<void>

/** What a test is told before its page is made. */
interface Declared {
  (name: string, run: Run): void
  (name: string, view: View, run: Run): void
}

/** Starts all of it before the tests of a file, and ends it behind them; gives what declares a test. */
export function dashboard(options: DashboardOptions): Declared {
  const declare = needs('chromium')
  let world: World | null = null
  beforeAll(async () => {
    if (programPath('chromium') !== null) world = await World.start(options)
  })
  afterAll(() => world?.stop())
  return (name: string, ...rest: [Run] | [View, Run]) => {
    const [view, run] = rest.length === 1 ? [{}, rest[0]] : rest
    declare(name, async () => {
      if (world === null) throw new Error('The gateway and the browser did not start.')
      await world.play(name, view, run)
    })
  }
}

/** Everything that a page waits for is there: its fonts, and what says that it is busy. */
export async function settled(page: Page): Promise<void> {
  const isBusy = `document.readyState !== 'complete' || document.fonts.status !== 'loaded' ||
    document.getElementById('app')?.childElementCount === 0 || document.querySelector('[aria-busy="true"]') !== null`
  await waitFor(async () => !(await page.evaluate(isBusy)), { what: `${page.url()} to settle`, everyMs: 20 })
}

/** Chromium as these tests have it; `folder` takes all that it keeps. */
export function launchChromium(folder: string): Promise<Browser> {
  return chromium.launch({
    executablePath: programPath('chromium') ?? 'chromium',
    // Root, as in a container, has no sandbox.
    chromiumSandbox: process.getuid?.() !== 0,
    // Where there is nothing but lo, no candidates of WebRTC would be gathered without the last one.
    args: ['--disable-gpu', '--disable-dev-shm-usage', '--allow-loopback-in-peer-connection'],
    env: { ...process.env, HOME: folder },
    timeout: PATIENCE_MS,
  })
}

class World {
  #gateway: Gateway
  readonly #browser: Browser
  readonly #servers: ReadonlyMap<string, Origin>
  readonly #folder: string

  private constructor(made: {
    gateway: Gateway
    browser: Browser
    servers: ReadonlyMap<string, Origin>
    folder: string
  }) {
    this.#gateway = made.gateway
    this.#browser = made.browser
    this.#servers = made.servers
    this.#folder = made.folder
  }

  static async start({ servers: names = [], config, users = ['admin'] }: DashboardOptions): Promise<World> {
    await using stack = new AsyncDisposableStack()
    const servers = new Map(names.map((name) => [name, stack.use(startNamed(name))]))
    const urls = Object.fromEntries(
      [...servers].map(([name, { port }]) => [name, `http://127.0.0.1:${port}`]),
    )
    const folder = mkdtempSync(join(tmpdir(), 'sluice-dashboard-'))
    stack.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
    const home = join(folder, 'gateway')
    mkdirSync(home)
    const gateway = stack.use(
      await startGateway({
        ...{ folder: home, binary: true },
        config: typeof config === 'function' ? config(urls) : config,
      }),
    )
    await addUsers(gateway, users)
    const browser = await launchChromium(folder)
    stack.move()
    return new World({ gateway, browser, servers, folder })
  }

  async stop(): Promise<void> {
    await this.#browser.close()
    await this.#gateway[Symbol.asyncDispose]()
    for (const server of this.#servers.values()) await server[Symbol.asyncDispose]()
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }

  async #restart(): Promise<void> {
    const before = this.#gateway
    const config = await Bun.file(before.configFile).text()
    await before.stop()
    this.#gateway = await startGateway({ config, folder: before.folder, binary: true })
    await before[Symbol.asyncDispose]()
  }

  /** Runs a test; what its pages must not do fails it as well. */
  async play(name: string, view: View, run: Run): Promise<void> {
    const contexts: BrowserContext[] = []
    const watches: PageWatch[] = []
    const newPage = async (how: View): Promise<{ page: Page; watch: PageWatch }> => {
      const context = await this.#browser.newContext(contextOf(how))
      contexts.push(context)
      context.setDefaultTimeout(PAGE_PATIENCE_MS)
      const watch = await PageWatch.of(context, watches[0])
      watches.push(watch)
      return { page: await context.newPage(), watch }
    }
    const { page, watch } = await newPage(view)
    const complaints = async (): Promise<string> =>
      (await Promise.all(watches.map((one) => one.complaints()))).flat().join('\n')
    try {
      const another = async (how: View = view): Promise<Page> => (await newPage(how)).page
      await run(this.#scene({ page, watch, another }))
      const told = await complaints()
      if (told !== '') throw new Error(`What a page must not do:\n${told}`)
    } catch (problem) {
      const file = join(tmpdir(), `sluice-failed-${name.replaceAll(/\W+/g, '-').slice(0, 80)}.png`)
      const seen = await page.screenshot({ path: file }).then(
        () => `${page.url()}, which ${file} shows`,
        () => page.url(),
      )
      throw new Error(`${String(problem)}\nAt ${seen}.\n${await complaints().catch(String)}`, {
        cause: problem,
      })
    } finally {
      await Promise.all(contexts.map((context) => context.close()))
    }
  }

  #scene(own: Pick<Scene, 'page' | 'watch' | 'another'>): Scene {
    const now = (): Gateway => this.#gateway
    const url = (path: string): string => `${now().admin}/_admin${path}`
    return {
      ...own,
      get gateway() {
        return now()
      },
      servers: this.#servers,
      restart: () => this.#restart(),
      url,
      open: async (path, page = own.page) => {
        await page.goto(url(path))
        await settled(page)
      },
      signIn: async (name, page = own.page) => {
        const by = new ApiBrowser(now().admin)
        const { status } = await by.signIn(name)
        if (status !== 200) throw new Error(`Signing in as ${name} gave ${status}.`)
        const [cookie = '', value = ''] = by.cookie.split('=')
        await page.context().addCookies([{ name: cookie, value, url: now().admin, httpOnly: true }])
      },
    }
  }
}

/** The first one by the token of the set-up, as people make it, and by that one the others. */
async function addUsers(gateway: Gateway, roles: readonly Role[]): Promise<void> {
  const [first, ...others] = roles
  if (first === undefined) return
  if (first !== 'admin') throw new Error(`The first user is an admin, not ${first}.`)
  const { token } = await gateway.event('setup_needed')
  const browser = new ApiBrowser(gateway.admin)
  const made = [await browser.post('/api/v1/auth/setup', { token, name: first, password: PASSWORD })]
  for (const role of others)
    made.push(await browser.post('/api/v1/users', { name: role, role, password: PASSWORD }))
  const refused = made.find(({ status }) => status >= 300)
  if (refused !== undefined) throw new Error(`A user could not be made: ${JSON.stringify(refused.body)}`)
}

/** The same on every machine: its language, its zone, and no motion that a picture could catch half way. */
function contextOf({ width = 1280, height = 800, theme = 'light', isForcedColors = false }: View) {
  return {
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: 'reduce',
    forcedColors: isForcedColors ? 'active' : 'none',
    locale: 'en-GB',
    timezoneId: 'UTC',
  } as const
}
