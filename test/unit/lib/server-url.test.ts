import { describe, expect, test } from 'bun:test'
import { parseServerUrl } from '../../../server/lib/server-url.ts'

describe('the URL of a server', () => {
  test('gives host, port and what goes into the Host field', () => {
    expect(parseServerUrl('http://10.0.0.1:8080')).toEqual({
      host: '10.0.0.1',
      port: 8080,
      authority: '10.0.0.1:8080',
    })
    expect(parseServerUrl('http://Example.org')).toEqual({
      host: 'Example.org',
      port: 80,
      authority: 'Example.org',
    })
    expect(parseServerUrl('http://example.org:80/')).toEqual({
      host: 'example.org',
      port: 80,
      authority: 'example.org',
    })
    expect(parseServerUrl('http://[::1]:9000')).toEqual({ host: '::1', port: 9000, authority: '[::1]:9000' })
    expect(parseServerUrl('tcp://db:5432').port).toBe(5432)
  })

  test('of a Unix socket gives its path, and the Host of a server without a name', () => {
    for (const scheme of ['http', 'https', 'tcp', 'tls'])
      expect(parseServerUrl(`${scheme}://unix:/run/App.sock`)).toEqual({
        host: '/run/App.sock',
        port: 0,
        authority: 'localhost',
      })
    for (const url of ['http://unix:app.sock', 'http://unix:'])
      expect(() => parseServerUrl(url)).toThrow('is not the URL of a server')
  })

  test('is refused where it is none', () => {
    for (const url of [
      '',
      'http://',
      'http://a:0',
      'http://a:65536',
      'http://a/b',
      'tcp://db',
      '10.0.0.1:80',
      'http://::1:80',
    ])
      expect(() => parseServerUrl(url)).toThrow('is not the URL of a server')
  })
})
