// The admin listener: what it speaks, and whom it believes.
import { describe, expect, test } from 'bun:test'
import { configOf, linesOf } from './parse.ts'

const withAdmin = (admin: string): string =>
  `listen: "127.0.0.1:80"\nbackends: [{ url: "http://a:1" }]\nadmin: ${admin}\n`
const lines = (admin: string): readonly string[] => linesOf(withAdmin(admin))

describe('the admin listener', () => {
  test('within this machine needs no TLS; elsewhere it has it, which is told unless it is written', () => {
    for (const bind of ['127.0.0.1:9090', '[::1]:9090', 'localhost:9090', 'unix:/run/sluice/admin.sock'])
      expect([bind, lines(`{ bind: "${bind}" }`)]).toEqual([bind, []])
    for (const bind of [':9090', '0.0.0.0:9090', '10.0.0.1:9090', '[::]:9090', 'gateway:9090']) {
      const [line = '', ...more] = lines(`{ bind: "${bind}" }`)
      expect(line).toContain('warning: ')
      expect(line).toContain(`found "${bind}", which others than this machine reach: it speaks TLS`)
      expect(line).toContain('plain_http')
      expect(more).toEqual([])
    }
    expect(lines('{ bind: ":9090", tls: self_signed }')).toEqual([])
    expect(lines('{ bind: ":9090", plain_http: true }')).toEqual([])
    const [both] = lines('{ bind: ":9090", plain_http: true, tls: self_signed }')
    expect(both).toContain('admin.plain_http: found plain_http beside "tls", allowed either of them')
  })

  test('a certificate is looked at as those of listeners are', () => {
    const found = lines('{ tls: { cert: none.pem, key: none.key } }')
    expect(found.map((line) => line.split(' ')[1])).toEqual(['admin.tls.cert:', 'admin.tls.key:'])
    expect(lines('{ tls: yes }')[0]).toContain('admin.tls')
  })

  test('another issuer has its keys at one place', () => {
    const jwt = (more: string): readonly string[] => lines(`{ jwt: { issuer: x, audience: sluice${more} } }`)
    expect(jwt('')[0]).toContain('admin.jwt: found neither "jwks_url" nor "jwks_file"')
    expect(jwt(', jwks_url: "https://x/keys", jwks_file: keys.json')[0]).toContain(
      'jwks_file beside "jwks_url"',
    )
    expect(jwt(', jwks_url: "https://x/keys"')).toEqual([])
    expect(jwt(', jwks_url: "http://127.0.0.1:80/keys"')).toEqual([])
    expect(jwt(', jwks_url: "http://x/keys"')[0]).toContain('allowed an https URL')
    expect(jwt(', jwks_file: k.json, roles: { ops: root }')[0]).toContain('admin.jwt.roles.ops')
    const { admin } = configOf(withAdmin('{ jwt: { issuer: x, audience: sluice, jwks_url: "https://x/k" } }'))
    expect(admin).toMatchObject({
      jwt: { audience: ['sluice'], role_claim: 'role', name_claim: 'sub', roles: {} },
    })
  })

  test('names that it answers to are names', () => {
    expect(lines('{ hosts: [gateway.example.org] }')).toEqual([])
    expect(lines('{ hosts: ["https://x"] }')[0]).toContain('allowed the name of a host')
  })
})
