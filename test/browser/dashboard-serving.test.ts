// The dashboard as a browser gets it from the executable: whole, from any of its addresses, and under a
// policy that lets in no script but its own.
import { expect } from 'bun:test'
import { dashboard, settled } from '../support/dashboard.ts'
import { waitFor } from '../support/wait.ts'

const test = dashboard({
  config: { listeners: { web: { bind: '127.0.0.1:0' } }, rules: [{ name: 'all', respond: { body: 'hi' } }] },
})

const heading = 'document.querySelector("h1")?.textContent'

test('the admin address leads a browser to the dashboard', async ({ page, gateway, url }) => {
  for (const path of ['/', '/_admin']) {
    await page.goto(`${gateway.admin}${path}`)
    await settled(page)
    expect(page.url()).toStartWith(url('/'))
    expect(await page.evaluate(heading)).toBeString()
  }
})

test('each address below it can be opened and loaded again', async ({ page, open }) => {
  for (const path of ['/', '/backends/api?tab=checks', '/backends/api/servers/a%2Fb']) {
    await open(path)
    await page.reload()
    await settled(page)
    expect(await page.evaluate(heading)).toBeString()
  }
})

test('it works below the path that a proxy in front adds', async ({ page, gateway }) => {
  await using front = frontOf(gateway.admin, '/gate/way')
  for (const path of ['/_admin', '/_admin/', '/_admin/backends/api']) {
    await page.goto(`${front.url}${path}`)
    await settled(page)
    expect(page.url()).toStartWith(`${front.url}/_admin/`)
    expect(await page.evaluate(heading)).toBeString()
  }
})

test('what has a hash in its name is not asked for twice', async ({ page, open }) => {
  await open('/')
  await open('/backends/api')
  const sent = (await page.evaluate(`performance.getEntriesByType('resource')
    .filter(({ name }) => name.includes('/_admin/assets/')).map(({ transferSize }) => transferSize)`)) as number[]
  expect(sent.length).toBeGreaterThan(0)
  expect(sent.filter((bytes) => bytes > 0)).toEqual([])
})

test('what somebody gets into the page is not run', async ({ page, open, watch }) => {
  await open('/')
  watch.mean(/CSP: |Content Security Policy|: csp$/)
  const attempts = {
    'a script in the page': `document.body.append(Object.assign(document.createElement('script'), { text: 'window.isRun = true' }))`,
    'a handler in an attribute': `document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.isRun = true">')`,
    'a script from elsewhere': `document.body.append(Object.assign(document.createElement('script'), { src: 'http://127.0.0.1:9/x.js' }))`,
    'a form to elsewhere': `{ const form = Object.assign(document.createElement('form'), { action: 'http://127.0.0.1:9/' })
      document.body.append(form); form.requestSubmit() }`,
    'a frame': `document.body.append(Object.assign(document.createElement('iframe'), { src: 'http://127.0.0.1:9/' }))`,
    'another base': `document.head.append(Object.assign(document.createElement('base'), { href: 'http://127.0.0.1:9/' }))`,
  }
  await page.evaluate(
    `window.refused = []; addEventListener('securitypolicyviolation', ({ effectiveDirective }) => refused.push(effectiveDirective))`,
  )
  for (const [what, code] of Object.entries(attempts)) {
    const before = await page.evaluate('refused.length')
    await page.evaluate(`void ${code.startsWith('{') ? `(() => ${code})()` : code}`)
    await waitFor(async () => (await page.evaluate('refused.length')) !== before, { what })
  }
  expect(await page.evaluate('refused')).toEqual([
    'script-src-elem',
    'script-src-attr',
    'script-src-elem',
    'form-action',
    'frame-src',
    'base-uri',
  ])
  expect(await page.evaluate('window.isRun')).toBeUndefined()
})

test('no other site may show it in a frame', async ({ page, url, watch }) => {
  watch.mean(/frame-ancestors|ERR_BLOCKED_BY_RESPONSE/)
  using other = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: () =>
      new Response(`<!doctype html><link rel="icon" href="data:,"><iframe src="${url('/')}"></iframe>`, {
        headers: { 'Content-Type': 'text/html' },
      }),
  })
  await page.goto(other.url.href)
  await waitFor(() => page.frames().some((frame) => frame.url().startsWith('chrome-error:')))
  expect(page.frames().filter((frame) => frame.url().startsWith(url('/')))).toEqual([])
})

/** A proxy that serves something else as well, and the gateway below a path. */
function frontOf(admin: string, prefix: string) {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      const { pathname, search } = new URL(request.url)
      if (!pathname.startsWith(`${prefix}/`)) return new Response('', { status: 404 })
      return fetch(`${admin}${pathname.slice(prefix.length)}${search}`, {
        method: request.method,
        headers: request.headers,
        body: request.body,
        redirect: 'manual',
        decompress: false,
      })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}${prefix}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
