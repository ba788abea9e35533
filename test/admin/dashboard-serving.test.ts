// The dashboard as the executable serves it: to whom, how its files may be kept, and that its addresses hold
// wherever a page stands.
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { controlSocketPath } from '../../server/control/control-socket.ts'
import { rawClient } from '../support/client.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

let gateway: Gateway
let asset = ''

beforeAll(async () => {
  gateway = await startGateway({
    binary: true,
    config: {
      listeners: { web: { bind: '127.0.0.1:0', protocol: 'http' } },
      rules: [{ name: 'all', respond: { status: 200 } }],
    },
  })
  asset = /assets\/[\w.-]+\.js/.exec(await (await get('/_admin/')).text())?.[0] ?? 'none'
})
afterAll(() => gateway[Symbol.asyncDispose]())

function get(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Response> {
  return fetch(`${gateway.admin}${path}`, {
    ...{ method, redirect: 'manual', decompress: false },
    headers: { 'Accept-Encoding': 'identity', ...headers },
  })
}

/** Status and head of a target that no URL keeps as it is. */
async function raw(target: string, method = 'GET'): Promise<{ status: number; body: string }> {
  await using client = await rawClient(Number(new URL(gateway.admin).port))
  client.send(`${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
  return await client.readAnswer({ method })
}

/** Addresses that a page names, as a browser at this URL resolves them. */
const namedBy = (html: string, at: string): string[] =>
  [...html.matchAll(/\s(?:src|href)="([^"]+)"/g)].map(([, address = '']) => new URL(address, at).href)

test('nobody has to be known to load it, and what it may do in a browser is said with each file', async () => {
  for (const path of ['/_admin/', '/_admin/backends/api', '/_admin/theme.js', `/_admin/${asset}`]) {
    const { status, headers } = await get(path)
    expect([path, status, headers.get('content-security-policy')]).toEqual([
      path,
      200,
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
        "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    ])
    expect([headers.get('x-content-type-options'), headers.get('referrer-policy')]).toEqual([
      'nosniff',
      'no-referrer',
    ])
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(headers.get('permissions-policy')).toContain('camera=()')
    expect(headers.getSetCookie()).toEqual([])
  }
})

test('a page asks whether it changed each time, a file with a hash in its name never does', async () => {
  const kept = async (path: string) => (await get(path)).headers.get('cache-control')
  expect(await kept('/_admin/')).toBe('no-cache')
  expect(await kept('/_admin/rules')).toBe('no-cache')
  expect(await kept('/_admin/theme.js')).toBe('no-cache')
  expect(await kept(`/_admin/${asset}`)).toBe('public, max-age=31536000, immutable')
})

test('each coding has the same content under a tag of its own, and 304 answers who has it', async () => {
  const decoded = { br: brotliDecompressSync, gzip: gunzipSync, '': (bytes: Uint8Array) => bytes }
  for (const path of ['/_admin/', '/_admin/a/b/c', `/_admin/${asset}`]) {
    const plain = await (await get(path)).bytes()
    const tags = new Set<string>()
    for (const [coding, decode] of Object.entries(decoded)) {
      const accept = { 'Accept-Encoding': coding }
      const answer = await get(path, accept)
      const { headers } = answer
      expect([path, headers.get('content-encoding') ?? '', headers.get('vary')]).toEqual([
        path,
        coding,
        'Accept-Encoding',
      ])
      const bytes = await answer.bytes()
      expect(Number(headers.get('content-length'))).toBe(bytes.length)
      expect(Buffer.from(decode(bytes)).equals(plain)).toBe(true)
      const tag = headers.get('etag') ?? ''
      expect(tag).toMatch(/^"[\w-]{22}"$/)
      tags.add(tag)
      for (const known of [tag, `"x", W/${tag}`, '*']) {
        const again = await get(path, { ...accept, 'If-None-Match': known })
        expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, tag, ''])
        expect(again.headers.get('content-security-policy')).toContain("default-src 'none'")
      }
      expect((await get(path, { ...accept, 'If-None-Match': '"other"' })).status).toBe(200)
    }
    expect(tags.size).toBe(3)
  }
})

test('the coding is the one that weighs most for who asks', async () => {
  for (const [accept, coding] of [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip, deflate', 'gzip'],
    ['br;q=0.1, gzip;q=0.9', 'gzip'],
    ['br;q=0, gzip;q=0', null],
    ['*', 'br'],
    ['deflate', null],
    ['identity, br;q=0.5', null],
  ] as const)
    expect([
      accept,
      (await get('/_admin/', { 'Accept-Encoding': accept })).headers.get('content-encoding'),
    ]).toEqual([accept, coding])
})

test('pages of any depth name files that are there, below the path that a proxy in front adds as well', async () => {
  await using proxy = prefixing('/ops/edge')
  for (const base of [gateway.admin, `${proxy.url}ops/edge`])
    for (const page of ['', 'backends', 'backends/', 'backends/api/servers/10.0.0.1:80', 'a/b%2Fc', 'x//y']) {
      const at = `${base}/_admin/${page}`
      const named = namedBy(await (await fetch(at)).text(), at)
      expect(named.length).toBeGreaterThan(3)
      for (const address of named) {
        const answer = await fetch(address)
        expect([at, address, answer.status, answer.headers.get('content-type')]).toEqual([
          at,
          address,
          200,
          expect.stringMatching(/^(?:text\/(?:javascript|css)|image\/svg)/),
        ] as never)
      }
    }
  for (const path of ['/_admin', '/'])
    expect((await fetch(`${proxy.url}ops/edge${path}`, { headers: { Accept: 'text/html' } })).url).toBe(
      `${proxy.url}ops/edge/_admin/`,
    )
})

/** A proxy in front that takes a path off again. */
function prefixing(prefix: string): { url: string } & AsyncDisposable {
  const server = Bun.serve({
    ...{ hostname: '127.0.0.1', port: 0 },
    fetch: ({ url, headers, method }) => {
      const { pathname, search } = new URL(url)
      if (!pathname.startsWith(`${prefix}/`)) return new Response('not behind the proxy', { status: 418 })
      return get(pathname.slice(prefix.length) + search, Object.fromEntries(headers), method)
    },
  })
  return { url: server.url.href, [Symbol.asyncDispose]: () => server.stop(true) }
}

test('browsers that ask for / are sent to it, programs are told what there is', async () => {
  const browser = await get('/', {
    Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  })
  expect([browser.status, browser.headers.get('location'), browser.headers.get('vary')]).toEqual([
    302,
    '_admin/',
    'Accept',
  ])
  for (const accept of ['*/*', 'text/plain, text/html;q=0.5', 'application/json']) {
    const answer = await get('/', { Accept: accept })
    expect([accept, answer.status, await answer.text()]).toEqual([
      accept,
      200,
      expect.stringContaining('/_admin/'),
    ] as never)
  }
})

test('a file that is not there is a problem that nobody keeps, and not the page', async () => {
  for (const path of ['none-1a2b.js', '', '../index.html', 'a/b.js']) {
    const answer = await get(`/_admin/assets/x/../${path === '' ? '' : path.replace('../', '%2e%2e%2f')}`)
    expect([path, answer.status, answer.headers.get('cache-control')]).toEqual([path, 404, 'no-store'])
    expect(await answer.json()).toMatchObject({ code: 'not_found', instance: expect.any(String) })
  }
})

test('it is read only, and heads are those of its bodies', async () => {
  for (const path of ['/_admin', '/_admin/', '/_admin/rules', `/_admin/${asset}`]) {
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const { status, headers } = await get(path, {}, method)
      expect([path, method, status, headers.get('allow')]).toEqual([path, method, 405, 'GET, HEAD'])
    }
    const [head, body] = await Promise.all([get(path, {}, 'HEAD'), get(path)])
    expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([
      body.status,
      body.headers.get('etag'),
      '',
    ])
    expect(head.headers.get('content-length')).toBe(body.headers.get('content-length'))
  }
})

test('names that were made to point here get nothing of it', async () => {
  for (const path of ['/_admin', '/_admin/', `/_admin/${asset}`, '/'])
    expect((await get(path, { Host: 'evil.example' })).status).toBe(421)
})

test('the user of the gateway gets it by the socket in the data folder as well', async () => {
  const unix = controlSocketPath(`${gateway.folder}/data`, gateway.configFile)
  const page = await fetch('http://localhost/_admin/rules/', { unix })
  expect(await page.text()).toContain(`../${asset}`)
  expect((await fetch(`http://localhost/_admin/${asset}`, { unix })).status).toBe(200)
})

test('nothing else became open with it', async () => {
  for (const target of [
    '/_adminx',
    '/_Admin/',
    '//_admin/',
    '/_admin%2F',
    '/%5fadmin/',
    '/_admin/../api/v1/status',
    '/_admin/%2e%2e/api/v1/status',
    '/_admin/..\\api/v1/status',
    '/_admin/assets/../../api/v1/config',
    '/x/_admin/',
  ])
    expect([target, (await raw(target)).status]).toEqual([target, 401])
  for (const target of [
    '/_admin/api/v1/status',
    '/_admin/..%2fapi/v1/status',
    '/_admin/..%2f..%2fetc/passwd',
  ]) {
    const { status, body } = await raw(target)
    expect([target, status, body.startsWith('<!doctype html>')]).toEqual([target, 200, true])
  }
})

test('problems keep their pages, and the API does not list those of the dashboard', async () => {
  expect(await (await get('/_admin/problems/forbidden')).text()).toContain('<code>forbidden</code>')
  expect((await get('/_admin/problems/none')).status).toBe(404)
  const unix = controlSocketPath(`${gateway.folder}/data`, gateway.configFile)
  const { paths } = (await (await fetch('http://localhost/api/v1/openapi.json', { unix })).json()) as {
    paths: Record<string, unknown>
  }
  expect(Object.keys(paths).filter((path) => path.startsWith('/_admin'))).toEqual([
    '/_admin',
    '/_admin/problems',
    '/_admin/problems/{code}',
  ])
})
