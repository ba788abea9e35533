import { describe, expect, test } from 'bun:test'
import { readServers } from '../../../web/data/pasted-servers.ts'

describe('servers are read from what somebody has at hand', () => {
  const read = (text: string, scheme?: string) => readServers(text, scheme).servers

  test('URLs one a line, and addresses without a scheme', () => {
    expect(read('http://192.0.2.11:8080/\n192.0.2.12:8080\n\n# old\nhttps://api.example.com')).toEqual([
      { url: 'http://192.0.2.11:8080' },
      { url: 'http://192.0.2.12:8080' },
      { url: 'https://api.example.com' },
    ])
    expect(read('a:1, b:2, [2001:db8::1]:80', 'tcp')).toEqual([
      { url: 'tcp://a:1' },
      { url: 'tcp://b:2' },
      { url: 'tcp://[2001:db8::1]:80' },
    ])
  })

  test('with what stands behind them', () => {
    expect(read('http://a:80 weight=3 name=a max_connections=9 backup')).toEqual([
      { url: 'http://a:80', name: 'a', weight: 3, max_connections: 9, backup: true },
    ])
  })

  test("nginx's upstream", () => {
    const text =
      'upstream api {\n  server 10.0.0.1:8080 weight=5 max_conns=100;\n  server 10.0.0.2:8080 backup;\n}'
    expect(read(text)).toEqual([
      { url: 'http://10.0.0.1:8080', weight: 5, max_connections: 100 },
      { url: 'http://10.0.0.2:8080', backup: true },
    ])
  })

  test("HAProxy's servers, with their names", () => {
    expect(read('backend api\n  server web1 10.0.0.1:80 check weight 20 maxconn 50')).toEqual([
      { url: 'http://10.0.0.1:80', name: 'web1', weight: 20, max_connections: 50 },
    ])
  })

  test('lines of YAML', () => {
    expect(read('servers:\n  - { url: "http://a:80", name: a, weight: 2 }\n  - url: http://b:80')).toEqual([
      { url: 'http://a:80', name: 'a', weight: 2 },
      { url: 'http://b:80' },
    ])
  })

  test('a server at a Unix socket', () => {
    expect(read('http://unix:/run/app.sock')).toEqual([{ url: 'http://unix:/run/app.sock' }])
  })

  test('one that is out of use where it comes from is not put in use here', () => {
    const told = (word: string) => `is ${word} there, and would be in use here: leave it out, or the word`
    expect(readServers('server 10.0.0.1:80 down;\nserver web1 10.0.0.2:80 check disabled')).toEqual({
      servers: [],
      odd: [
        { line: 1, text: 'server 10.0.0.1:80 down', why: told('down') },
        { line: 2, text: 'server web1 10.0.0.2:80 check disabled', why: told('disabled') },
      ],
    })
  })

  test('a port that there cannot be is no address', () => {
    expect(readServers('a:65535\na:65536\nhttp://a:0').servers).toEqual([{ url: 'http://a:65535' }])
  })

  test('what is none is told with its line, and so is what stands there twice', () => {
    expect(readServers('http://a:80\nhello\nhttp://a:80\n{ name: x }').odd).toEqual([
      { line: 2, text: 'hello', why: 'is no address' },
      { line: 3, text: 'http://a:80', why: 'stands there already' },
      { line: 4, text: '{ name: x }', why: 'has no url' },
    ])
  })
})
