// The instruments of the dashboard's tests: what a page must not do fails a test, and what axe finds is told.
import { afterAll, beforeAll, expect } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { axeFindings, axeInBothThemes } from '../support/axe.ts'
import { launchChromium } from '../support/dashboard.ts'
import { needs, programPath } from '../support/needs.ts'
import { PageWatch } from '../support/page-watch.ts'
import { waitFor } from '../support/wait.ts'

const test = needs('chromium')

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'"
const page = (inside: string, more = ''): Response =>
  new Response(
    `<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="/icon">${more}<main><h1>Here</h1>${inside}</main>`,
    { headers: { 'Content-Type': 'text/html', 'Content-Security-Policy': POLICY } },
  )
const script = (text: string): Response =>
  new Response(text, { headers: { 'Content-Type': 'text/javascript' } })

let browser: Browser | null = null
const folder = mkdtempSync(join(tmpdir(), 'sluice-watch-'))
const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  routes: {
    '/': () => page('<script src="/asked.js"></script>'),
    '/icon': () => new Response(''),
    '/good': () => page('<p>All is well.</p>'),
    '/asked.js': () =>
      script(`addEventListener('hashchange', () => {
      const what = location.hash.slice(1)
      if (what === 'error') console.error('so it is')
      if (what === 'warning') console.warn('it may be')
      if (what === 'thrown') throw new Error('far')
      if (what === 'rejected') Promise.reject(new Error('late'))
      if (what === 'missing') void fetch('/nothing')
      if (what === 'closed') void fetch('http://127.0.0.1:1/').catch(() => {})
      if (what === 'image') document.body.append(Object.assign(new Image(), { src: 'data:image/gif;base64,R0lGODlhAQABAAAAACw=' }))
      if (what === 'script') document.body.append(Object.assign(document.createElement('script'), { text: 'let x' }))
      if (what === 'style') document.body.setAttribute('style', 'color: red')
    })`),
    '/pale': () => page('<p>Pale where it is dark.</p>', '<link rel="stylesheet" href="/pale.css">'),
    '/pale.css': () =>
      new Response(
        `:root { color-scheme: light dark }
        p { color: light-dark(#000, #444); background: light-dark(#fff, #222) }`,
        { headers: { 'Content-Type': 'text/css' } },
      ),
    '/unnamed': () => page('<button></button><img src="/icon">'),
  },
  fetch: () => new Response('', { status: 404 }),
})
beforeAll(async () => {
  if (programPath('chromium') !== null) browser = await launchChromium(folder)
})
afterAll(async () => {
  await browser?.close()
  await server.stop(true)
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

async function opened(path: string): Promise<{ page: Page; watch: PageWatch }> {
  if (browser === null) throw new Error('The browser did not start.')
  const context = await browser.newContext()
  const watch = await PageWatch.of(context)
  const page = await context.newPage()
  await page.goto(new URL(path, server.url).href)
  return { page, watch }
}

for (const [what, told] of [
  ['error', /^console error: so it is/],
  ['warning', /^console warning: it may be/],
  ['thrown', /^thrown: Error: far/],
  ['rejected', /^thrown: Error: late/],
  ['missing', /^404 GET http.*\/nothing$/],
  ['closed', /CSP: connect-src refuses http:\/\/127\.0\.0\.1:1\//],
  ['image', /CSP: img-src refuses data/],
  ['script', /CSP: script-src-elem refuses inline/],
  ['style', /CSP: style-src-attr refuses inline/],
] as const) {
  test(`a page is caught at this: ${what}`, async () => {
    const { page, watch } = await opened('/')
    expect(await watch.complaints()).toEqual([])
    await page.evaluate(`location.hash = '${what}'`)
    const isTold = async (): Promise<boolean> =>
      (await watch.complaints()).some((complaint) => told.test(complaint))
    await waitFor(isTold, { what: `${what} to be told` })
    watch.mean(/./)
    expect(await watch.complaints()).toEqual([])
    await page.context().close()
  })
}

test('axe tells what is wrong, past the policy of the page, and nothing of a page that is right', async () => {
  const { page, watch } = await opened('/unnamed')
  const findings = await axeFindings(page)
  expect(findings.map((finding) => finding.split(':')[0])).toEqual([
    'critical button-name',
    'critical image-alt',
  ])
  await page.goto(new URL('/good', server.url).href)
  expect(await axeFindings(page)).toEqual([])
  expect(await watch.complaints()).toEqual([])
  await page.context().close()
})

test('a page that is right in one theme is looked at in the other, and is in its own afterwards', async () => {
  const { page, watch } = await opened('/pale')
  expect(await axeFindings(page)).toEqual([])
  const [finding, ...others] = await axeInBothThemes(page)
  expect(finding).toStartWith('dark: serious color-contrast: ')
  expect(others).toEqual([])
  expect(await axeFindings(page)).toEqual([])
  expect(await watch.complaints()).toEqual([])
  await page.context().close()
})
