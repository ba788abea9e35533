import { describe, expect, test } from 'bun:test'
import { portOf, readAuthority } from '../../../server/head/authority.ts'

function read(text: string): { host: string; port: number } | null {
  const bytes = Buffer.from(`x${text}:80`, 'latin1')
  const authority = readAuthority(bytes, 1, 1 + text.length)
  return authority && { host: authority.host, port: portOf(authority) }
}

describe('accepted', () => {
  const hosts: Record<string, { host: string; port: number }> = {
    h: { host: 'h', port: 0 },
    'Example.COM': { host: 'example.com', port: 0 },
    'h:80': { host: 'h', port: 80 },
    'h:': { host: 'h', port: 0 },
    'h:65535': { host: 'h', port: 65_535 },
    'h:00080': { host: 'h', port: 80 },
    'h.:80': { host: 'h', port: 80 },
    '127.0.0.1:8080': { host: '127.0.0.1', port: 8080 },
    'a_b-c.d~e': { host: 'a_b-c.d~e', port: 0 },
    "!$&'()*+;=": { host: "!$&'()*+;=", port: 0 },
    '[::1]': { host: '[::1]', port: 0 },
    '[::1]:8080': { host: '[::1]', port: 8080 },
    '[2001:DB8::A]:': { host: '[2001:db8::a]', port: 0 },
    '[0:0:0:0:0:0:0:1]': { host: '[::1]', port: 0 },
    '[2001:db8:0::00A]': { host: '[2001:db8::a]', port: 0 },
    '[::ffff:1.2.3.4]': { host: '[::ffff:1.2.3.4]', port: 0 },
    '[::FFFF:102:304]': { host: '[::ffff:1.2.3.4]', port: 0 },
    '127.0.0.1.': { host: '127.0.0.1', port: 0 },
    'Example.COM.:80': { host: 'example.com', port: 80 },
    '1.example': { host: '1.example', port: 0 },
    '0x7f.example': { host: '0x7f.example', port: 0 },
    v10: { host: 'v10', port: 0 },
    '': { host: '', port: 0 },
  }
  for (const [text, wanted] of Object.entries(hosts))
    test(JSON.stringify(text), () => expect(read(text)).toEqual(wanted))
})

describe('refused', () => {
  const hosts = [
    ':80', '.', '.:80', 'h:65536', 'h:99999', 'h:123456', 'h:a', 'h:-1', 'h:+1', 'h: 80', 'h:80:80', 'h i', 'h\t', 'u@h', 'u:p@h', 'h/p',
    'h?q', 'h#f', 'h\\i', 'h,i', 'h%41', '%', 'h"', 'h<', 'h[', 'h]', '\xe4', 'h\x7f', 'h\0', '[', ']', '[]', '[::1', '::1', '[1.2.3.4]',
    '[12]', '[::::]', '[....:]', '[1::2::3]', '[:1]', '[::g]', '[::1]x', '[::1]x:80', '[::1]80', '[fe80::1%25eth0]', '[v1.x]', 'a[::1]',
    '[::1]:x', '[[::1]]', 'a'.repeat(262),
    // An empty label: some drop it, and find another host.
    '.h', '..h', 'h..', 'h..:80', 'a..h', '.h.', '..', '...',
    // An IPv4 address for some: 127.0.0.1 in each.
    '127.1', '127.0.1', '2130706433', '0x7f000001', '0x7f.0.0.1', '0177.0.0.1', '127.0.0.01', '127.0.0.0x1', '127.0.0.1..', '127.0x', '0X7F.1',
    '1', '256.0.0.1', '1.2.3.4.5', 'h.1',
  ] // prettier-ignore
  for (const text of hosts) test(JSON.stringify(text.slice(0, 40)), () => expect(read(text)).toBeNull())
})

test('an authority is remembered by all its bytes, not by their hash', () => {
  const first = readAuthority(Buffer.from('example.com'), 0, 11)
  expect(readAuthority(Buffer.from('example.com'), 0, 11)).toBe(first)
  // With the factor 31 these two have the same hash.
  expect(['Aa', 'BB', 'Aa'].map((text) => read(text)?.host)).toEqual(['aa', 'bb', 'aa'])
})

test('what is remembered does not change with the buffer it was read from', () => {
  const bytes = Buffer.from('kept.example')
  const authority = readAuthority(bytes, 0, bytes.length)
  bytes.fill(120)
  expect(authority?.raw.toString()).toBe('kept.example')
})
