import { describe, expect, test } from 'bun:test'
import { readProxyHeader } from '../../../server/lib/proxy-header.ts'
import { proxyHeaderOut } from '../../../server/lib/proxy-header-out.ts'

const V4 = {
  clientHost: '192.0.2.7',
  clientPort: 4711,
  localHost: '198.51.100.1',
  localPort: 443,
  isTls: false,
}
const V6 = { ...V4, clientHost: '2001:db8::7', localHost: '2001:db8::1' }

describe('in version 1', () => {
  test.each([
    [V4, 'PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n'],
    [V6, 'PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n'],
    [{ ...V6, clientHost: 'fe80::1%eth0' }, 'PROXY TCP6 fe80::1 2001:db8::1 4711 443\r\n'],
    [{ ...V4, localHost: '2001:db8::1' }, 'PROXY TCP6 ::ffff:192.0.2.7 2001:db8::1 4711 443\r\n'],
    [{ ...V6, localHost: '198.51.100.1' }, 'PROXY TCP6 2001:db8::7 ::ffff:198.51.100.1 4711 443\r\n'],
    [{ ...V4, clientHost: 'unknown' }, 'PROXY UNKNOWN\r\n'],
    [{ ...V4, localHost: undefined }, 'PROXY UNKNOWN\r\n'],
  ])('%j is %j', (ends, line) => {
    expect(proxyHeaderOut('v1', ends).toString('latin1')).toBe(line)
  })
})

describe('in version 2', () => {
  test.each([V4, V6])('what is written of %j is read again', (ends) => {
    const bytes = proxyHeaderOut('v2', ends)
    expect(readProxyHeader(bytes, 0, bytes.length)).toMatchObject({
      length: bytes.length,
      client: { host: ends.clientHost, port: 4711 },
      local: { host: ends.localHost, port: 443 },
    })
  })

  test('who is not known is not told, by LOCAL, as receivers may refuse PROXY without addresses', () => {
    const bytes = proxyHeaderOut('v2', { ...V4, clientHost: 'unknown' })
    expect(bytes.toString('hex', 12)).toBe('20000000')
    expect(readProxyHeader(bytes, 0, bytes.length)).toMatchObject({ length: 16, client: null, local: null })
  })
})
