// How long a key in a filter of the dashboard takes until its frame is drawn, with 5,000 rules and 1,000
// servers: `bun bench/filters.ts` (wants chromium, and a machine that does nothing else).
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { Browser as ApiBrowser } from '../test/support/admin-world.ts'
import { launchChromium, settled } from '../test/support/dashboard.ts'
import { startGateway } from '../test/support/gateway.ts'
import { PASSWORD } from '../test/support/store-world.ts'

const RULES = 5000
const SERVERS = 1000
/** What is typed, key by key: words that most rows have, that few have, and that none has. */
const WORDS = ['example', 'host:h49', 'p4990', 's99', 'zzz']
const ROUNDS = 3

interface Key {
  readonly what: string
  readonly ms: number
}

/** In the page: puts each beginning of the words into the field, until what follows is drawn. */
const TYPE = `async (input, words) => {
  const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set
  const drawn = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = done
    port2.postMessage(0)
  }))
  const keys = []
  for (const word of words) {
    for (let length = 1; length <= word.length; length++) {
      const what = word.slice(0, length)
      await drawn()
      const before = performance.now()
      set.call(input, what)
      input.dispatchEvent(new Event('input', { bubbles: true }))
      await drawn()
      keys.push({ what, ms: performance.now() - before })
    }
    set.call(input, '')
    input.dispatchEvent(new Event('input', { bubbles: true }))
    await drawn()
  }
  return keys
}`

async function typed(page: Page, field: string): Promise<readonly Key[]> {
  const keys: Key[] = []
  for (let round = 0; round < ROUNDS; round++) {
    // The first round finds code that was never run: it is what a person meets, and counts.
    keys.push(
      ...(await page.evaluate<Key[]>(
        `(${TYPE})(document.querySelector(${JSON.stringify(field)}), ${JSON.stringify(WORDS)})`,
      )),
    )
  }
  return keys
}

function tell(what: string, keys: readonly Key[]): void {
  const order = keys.map(({ ms }) => ms).toSorted((a, b) => a - b)
  const at = (share: number): string =>
    (order[Math.min(order.length - 1, Math.floor(order.length * share))] ?? 0).toFixed(1)
  const longest = keys.toSorted((a, b) => b.ms - a.ms)[0]
  console.log(
    `${what}: ${keys.length} keys, p50 ${at(0.5)} ms, p95 ${at(0.95)}, longest ${at(1)} (“${longest?.what}”)`,
  )
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-filters-'))
try {
  await using gateway = await startGateway({
    folder,
    binary: true,
    config: {
      admin: { bind: '127.0.0.1:0' },
      workers: 1,
      listeners: { web: { bind: '127.0.0.1:0' } },
      rules: Array.from({ length: RULES }, (_, n) => ({
        name: `r${n}`,
        match: { host: `h${Math.floor(n / 10)}.example.com`, path: `/p${n}/*` },
        backend: 'big',
      })),
      backends: {
        big: {
          servers: Array.from({ length: SERVERS }, (_, n) => ({
            name: `s${n}`,
            url: `http://127.0.${(n >> 8) + 1}.${n & 255}:9`,
          })),
        },
      },
    },
  })
  const { token } = await gateway.event('setup_needed')
  const api = new ApiBrowser(gateway.admin)
  await api.post('/api/v1/auth/setup', { token, name: 'admin', password: PASSWORD })
  const [cookie = '', value = ''] = api.cookie.split('=')
  const browser = await launchChromium(folder)
  try {
    const page = await browser.newPage({ reducedMotion: 'reduce' })
    await page.context().addCookies([{ name: cookie, value, url: gateway.admin, httpOnly: true }])
    for (const [path, field] of [
      ['/rules', 'main input[type=search]'],
      ['/backends/big', 'main input[type=search]'],
    ] as const) {
      await page.goto(`${gateway.admin}/_admin${path}`)
      await page.locator(field).waitFor()
      await settled(page)
      tell(path, await typed(page, field))
    }
    await page.keyboard.press('Control+k')
    const field = 'dialog[open] input, [role=dialog] input'
    await page.locator(field).waitFor()
    await settled(page)
    tell('palette', await typed(page, field))
  } finally {
    await browser.close()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
