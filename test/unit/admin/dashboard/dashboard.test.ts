import { afterAll, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Dashboard } from '../../../../server/admin/dashboard/dashboard.ts'
import type { DashboardFiles } from '../../../../server/admin/dashboard/files.ts'
import { FilesOnDisk } from '../../../../server/admin/dashboard/on-disk.ts'
import { PackedFiles } from '../../../../server/admin/dashboard/packed.ts'
import { pack } from '../../../../web/pack.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-dashboard-'))
afterAll(() => rmSync(folder, { recursive: true }))

const INDEX = `<!doctype html><link href="./assets/main-1.css"><script src="./theme.js"></script>`
const LONG = 'let a = 1\n'.repeat(100)

/** A bundle in a folder of its own. */
function bundleOf(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const at = join(folder, name)
  mkdirSync(join(at, 'assets'), { recursive: true })
  for (const [path, content] of Object.entries(files)) writeFileSync(join(at, path), content)
  return at
}

async function packed(name: string, files: Readonly<Record<string, string | Uint8Array>>) {
  const file = join(folder, `${name}.pack`)
  await pack(bundleOf(name, files), file)
  return PackedFiles.open(Bun.file(file))
}

const over = (files: DashboardFiles): Dashboard => new Dashboard(() => Promise.resolve(files))
const asking = (encoding = 'identity'): Request =>
  new Request('http://localhost/', { headers: { 'Accept-Encoding': encoding } })

test('what was packed comes out as it went in, compressed only where that is smaller', async () => {
  const image = crypto.getRandomValues(new Uint8Array(300))
  const files = await packed('one', {
    'index.html': INDEX,
    'assets/main-1.js': LONG,
    'assets/tiny-2.js': '1',
    'assets/dot-3.png': image,
    'assets/empty-4.css': '',
  })
  const long = await files.find('assets/main-1.js')
  expect([long?.type, await new Response(long?.identity.body).text()]).toEqual([
    'text/javascript; charset=utf-8',
    LONG,
  ])
  const gzip = await new Response(long?.gzip?.body).arrayBuffer()
  expect(Buffer.from(Bun.gunzipSync(gzip)).toString()).toBe(LONG)
  expect(Object.keys((await files.find('assets/tiny-2.js')) ?? {})).toEqual(['type', 'identity'])
  const dot = await files.find('assets/dot-3.png')
  expect([dot?.type, await new Response(dot?.identity.body).bytes(), dot?.br]).toEqual([
    'image/png',
    image,
    undefined,
  ] as never)
  expect(await new Response((await files.find('assets/empty-4.css'))?.identity.body).text()).toBe('')
  for (const path of ['none', '', 'constructor', '__proto__', 'assets/', '../one.pack'])
    expect([path, await files.find(path)]).toEqual([path, null])
})

test('a file whose type is not known is an error of the build', () => {
  const at = bundleOf('odd', { 'assets/a.wasm': '1' })
  expect(pack(at, join(folder, 'odd.pack'))).rejects.toThrow('assets/a.wasm: what type is it?')
})

test('a page is addressed from where it stands, as far down as pages go', async () => {
  const dashboard = over(await packed('deep', { 'index.html': INDEX, 'theme.js': '1' }))
  for (const [path, up] of [
    ['', './'],
    ['index.html', './'],
    ['rules', './'],
    ['rules/', '../'],
    ['a/b/c', '../../'],
    ['/'.repeat(16), '../'.repeat(16)],
  ] as const) {
    const text = await (await dashboard.page(asking(), path)).text()
    expect([path, text]).toEqual([path, INDEX.replaceAll('./', up)])
  }
  expect((await dashboard.page(asking(), '/'.repeat(17))).status).toBe(404)
})

test('a page is made once for each depth, and again when the index is another', async () => {
  const one = await packed('first', { 'index.html': INDEX })
  const two = await packed('second', { 'index.html': INDEX.replace('main-1', 'main-2') })
  let now: DashboardFiles = one
  const dashboard = over({ find: (path) => now.find(path) })
  const tagOf = async () => (await dashboard.page(asking('br'), 'a/b')).headers.get('etag')
  const tag = await tagOf()
  expect(await tagOf()).toBe(tag)
  now = two
  expect(await (await dashboard.page(asking(), 'a/b')).text()).toContain('../assets/main-2.css')
  expect(await tagOf()).not.toBe(tag)
})

test('where it was not built, what is asked for says what to run', async () => {
  const dashboard = over(new FilesOnDisk(join(folder, 'nowhere')))
  const answer = await dashboard.page(asking(), '')
  expect([answer.status, await answer.json()]).toEqual([
    404,
    expect.objectContaining({ hint: expect.stringContaining('npm run build') }),
  ] as never)
  expect((await dashboard.asset(asking(), 'main-1.js')).status).toBe(404)
})

test('a bundle on disk is served as it is just now, and nothing beside it', async () => {
  writeFileSync(join(folder, 'secret.js'), 'secret')
  const at = bundleOf('disk', {
    'index.html': INDEX,
    'theme.js': '1',
    'assets/main-1.js': LONG,
    '.env': 'A=1',
  })
  const dashboard = over(new FilesOnDisk(at))
  const asset = await dashboard.asset(asking(), 'main-1.js')
  expect([asset.status, asset.headers.get('content-type'), await asset.text()]).toEqual([
    200,
    'text/javascript;charset=utf-8',
    LONG,
  ])
  expect(asset.headers.get('etag')).toMatch(/^"[\w-]{22}"$/)
  const theme = async () => (await dashboard.page(asking(), 'theme.js')).text()
  expect(await theme()).toBe('1')
  writeFileSync(join(at, 'theme.js'), '2')
  expect(await theme()).toBe('2')
  for (const path of ['../secret.js', '..%2fsecret.js', 'x/../../secret.js', '.env'])
    expect([path, (await dashboard.asset(asking(), path)).status]).toEqual([path, 404])
  for (const path of ['../secret.js', '.env', '..%2fsecret.js'])
    expect([path, (await (await dashboard.page(asking(), path)).text()).startsWith('<!doctype')]).toEqual([
      path,
      true,
    ])
})
