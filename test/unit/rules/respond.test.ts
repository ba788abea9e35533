import { describe, expect, test } from 'bun:test'
import { respond } from '../../../server/rules/respond.ts'
import { told, type ToldParts } from '../../support/told.ts'

type Words = Partial<Parameters<typeof respond>[0]>

const FILES: Readonly<Record<string, string>> = {
  '/a.txt': 'text',
  '/icon.PNG': '\x89PNG\xff',
  '/page.html': '<p title="{header.X-A}">{path.name|you} {{x} <style>b{color:red}</style></p>é',
  '/data.json': '{"who":"{header.X-A}","at":{"path":"{path}"}}',
  '/app.js': 'const who = "{header.X-A}"',
  '/plain': 'who: {header.X-A}\n',
}
/** As the plan has them: one character a byte. */
const textOf = (path: string): string =>
  Buffer.from(FILES[path] ?? '', path.endsWith('PNG') ? 'latin1' : 'utf8').latin1Slice()
const answer = (words: Words, parts: ToldParts = {}) =>
  respond({ status: 200, body: '', headers: {}, ...words }, textOf).answer(told(parts))
const field = (one: ReturnType<typeof answer>, name: string) =>
  one.headers.find(([key]) => key.toLowerCase() === name)?.[1] ?? null

describe('a body', () => {
  test('is typed as text unless the config says otherwise', () => {
    expect(answer({ body: 'hi', headers: { 'X-A': '1' } })).toEqual({
      status: 200,
      headers: [
        ['X-A', '1'],
        ['Content-Type', 'text/plain; charset=utf-8'],
      ],
      body: 'hi',
      fault: null,
    })
    expect(answer({ body: '{}', headers: { 'content-TYPE': 'application/json' } }).headers).toEqual([
      ['content-TYPE', 'application/json'],
    ])
    expect(answer({ status: 204 }).headers).toEqual([])
  })

  test('stays as it stands, its fields take variables', () => {
    const given = answer({
      body: '{client_ip}',
      headers: { 'X-Client': '{client_ip}', 'X-None': 'a{cookie.a}' },
    })
    expect(given.body).toBe('{client_ip}')
    expect(field(given, 'x-client')).toBe('192.0.2.7')
    expect(field(given, 'x-none')).toBeNull()
  })

  test('that is the same for all is made once', () => {
    const one = respond({ status: 200, body: 'a', headers: {} }, textOf)
    expect(one.answer(told())).toBe(one.answer(told()))
  })
})

describe('a file', () => {
  test('has the type that its name tells, and its bytes', () => {
    expect(field(answer({ file: '/a.txt' }), 'content-type')).toBe('text/plain; charset=utf-8')
    const image = answer({ file: '/icon.PNG' })
    expect(field(image, 'content-type')).toBe('image/png')
    expect(image.body).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]))
    expect(field(answer({ file: '/plain' }), 'content-type')).toBe('application/octet-stream')
    expect(field(answer({ file: '/plain', headers: { 'Content-Type': 'text/x' } }), 'content-type')).toBe(
      'text/x',
    )
  })

  test('is not sent to who has it', () => {
    const tag = field(answer({ file: '/a.txt' }), 'etag') ?? ''
    expect(tag).toMatch(/^"[\w-]{27}"$/)
    for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = answer({ file: '/a.txt' }, { fields: [`If-None-Match: ${known}`] })
      expect(again).toMatchObject({ status: 304, body: '' })
      expect(field(again, 'etag')).toBe(tag)
      expect(field(again, 'content-type')).toBeNull()
    }
    expect(answer({ file: '/a.txt' }, { fields: ['If-None-Match: "other"'] }).status).toBe(200)
    expect(answer({ file: '/a.txt', status: 503 }, { fields: ['If-None-Match: *'] }).status).toBe(503)
  })
})

describe('a template', () => {
  const hostile = { fields: [`X-A: "><script>'&\\`], target: '/a"b' }

  test('is filled in, and escaped by what it is', () => {
    const page = answer({ template: '/page.html' }, hostile)
    expect(page.body).toBe(
      '<p title="&quot;&gt;&lt;script&gt;&#39;&amp;\\">you {x} <style>b{color:red}</style></p>é',
    )
    expect(field(page, 'content-type')).toBe('text/html; charset=utf-8')
    expect(field(page, 'cache-control')).toBe('no-store')
    const data = answer({ template: '/data.json' }, hostile).body as string
    expect(JSON.parse(data)).toEqual({ who: `"><script>'&\\`, at: { path: '/a"b' } })
    expect(answer({ template: '/app.js' }, hostile).body).not.toContain('</')
    expect(answer({ template: '/plain' }, hostile).body).toBe(`who: "><script>'&\\\n`)
  })

  test('may be kept where its headers say so', () => {
    const given = answer({ template: '/plain', headers: { 'cache-control': 'max-age=60' } })
    expect(field(given, 'cache-control')).toBe('max-age=60')
  })

  test('a variable that is not known is refused', () => {
    expect(() => respond({ status: 200, body: '', headers: {}, template: '/t' }, () => '{nobody}')).toThrow(
      '{nobody}',
    )
  })
})
