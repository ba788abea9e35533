import { describe, expect, test } from 'bun:test'
import { hopOfRealIp, hopsOfForwarded, hopsOfList } from '../../../server/head/hops.ts'

const list = (...values: string[]) => hopsOfList(values).map(({ address }) => address)
const forwarded = (...values: string[]) => hopsOfForwarded(values).map(({ address }) => address)
const realIp = (...values: string[]) => hopOfRealIp(values).map(({ address }) => address)

describe('an address', () => {
  const read: Readonly<Record<string, string>> = {
    '192.0.2.7': '192.0.2.7',
    ' \t192.0.2.7 ': '192.0.2.7',
    '192.0.2.7:4711': '192.0.2.7',
    '192.0.2.7:_port': '192.0.2.7',
    '2001:db8::1': '2001:db8::1',
    '2001:DB8:0:0::0001': '2001:db8::1',
    '[2001:db8::1]': '2001:db8::1',
    '[2001:db8::1]:99': '2001:db8::1',
    '::ffff:192.0.2.9': '192.0.2.9',
    '[::FFFF:c000:209]:1': '192.0.2.9',
    '::1': '::1',
  }
  for (const [text, address] of Object.entries(read))
    test(`${JSON.stringify(text)} is read in X-Forwarded-For and X-Real-IP`, () => {
      expect([list(text), realIp(text.trim())]).toEqual([[address], [address]])
    })

  const unread = [
    '', ' ', 'unknown', '_hidden', '_', 'localhost', 'h', '192.0.2', '192.0.2.07', '0x7f.0.0.1', '2130706433', '192.0.2.7:', '192.0.2.7:x',
    '192.0.2.7:123456', '192.0.2.7 80', '192.0.2.7/32', 'fe80::1%eth0', '[fe80::1%25eth0]', '[192.0.2.7]', '[::1', '::1]', '[::1]x', '[[::1]]',
    '[]', '"192.0.2.7"', 'unix:', 'for=192.0.2.7', '192.0.2.7;x', '1.2.3.4.5', '::ffff:1.2.3', '\xb9.2.3.4', '-', 'null', '1:2:3',
  ] // prettier-ignore
  for (const text of unread)
    test(`${JSON.stringify(text)} is nobody`, () => {
      expect([list(text), realIp(text)]).toEqual([[null], [null]])
    })
})

describe('X-Forwarded-For', () => {
  test('is one list, in however many fields it comes', () => {
    expect(list('6.6.6.6, 192.0.2.7', '10.0.0.1,10.0.0.2')).toEqual([
      '6.6.6.6',
      '192.0.2.7',
      '10.0.0.1',
      '10.0.0.2',
    ])
    expect(list()).toEqual([])
  })
  test('has a place for each proxy, also for one that named nobody', () => {
    expect(list('192.0.2.7, , 10.0.0.1')).toEqual(['192.0.2.7', null, '10.0.0.1'])
    expect(list('192.0.2.7,')).toEqual(['192.0.2.7', null])
    expect(list('192.0.2.7', '')).toEqual(['192.0.2.7', null])
  })
  test('is read from its near end, sixty-four at most', () => {
    const addresses = Array.from({ length: 1000 }, (_, i) => `10.0.${i >> 8}.${i & 255}`)
    expect(list(addresses.slice(-64).join())).toEqual(addresses.slice(-64))
    expect(list(addresses.join())).toEqual([null, ...addresses.slice(-63)])
    expect(forwarded(addresses.map((one) => `for=${one}`).join())).toEqual([null, ...addresses.slice(-63)])
  })
})

describe('X-Real-IP', () => {
  test('names one client', () => {
    expect(realIp()).toEqual([])
    expect(realIp('192.0.2.7', '192.0.2.7')).toEqual(['192.0.2.7'])
    expect(realIp('192.0.2.7', '192.0.2.8')).toEqual([null])
    expect(realIp('192.0.2.7, 192.0.2.8')).toEqual([null])
  })
})

describe('Forwarded', () => {
  const all = (...values: string[]) =>
    hopsOfForwarded(values).map(({ address, proto, host }) => [address, proto, host?.raw.toString() ?? null])

  test('tells address, scheme and host of each hop', () => {
    expect(
      all(
        'for=192.0.2.7;proto=https;by=203.0.113.1;host=shop.example:81, For="[2001:db8::1]:4711" ; PROTO=HTTP',
        'host="a.example";for=10.0.0.1;;',
      ),
    ).toEqual([
      ['192.0.2.7', 'https', 'shop.example:81'],
      ['2001:db8::1', 'http', null],
      ['10.0.0.1', null, 'a.example'],
    ])
    expect(forwarded()).toEqual([])
    expect(forwarded('for=2001:db8::1', 'for="192.0.2.7:80"')).toEqual(['2001:db8::1', '192.0.2.7'])
  })

  test('has nobody where a hop hides him, leaves him out or says it twice', () => {
    const unread = [
      'for=_x', 'for=unknown', 'for="_x:80"', 'for=', 'for=""', 'proto=https', '', ';', 'for', 'for 192.0.2.7', 'for = 192.0.2.7', '=192.0.2.7',
      'for=192.0.2.7;for=192.0.2.7', 'for=1.2.3.4;For=5.6.7.8', 'for="192.0.2\\.7"', 'for=192.0.2.7 x', 'for="192.0.2.7"x', 'for=x"192.0.2.7"',
      "for='192.0.2.7'", 'for="192.0.2.7;for=9.9.9.9"', 'for=[fe80::1%25eth0]', 'f\xf6r=192.0.2.7', '192.0.2.7',
    ] // prettier-ignore
    for (const text of unread) expect([text, forwarded(text)]).toEqual([text, [null]])
    expect(forwarded('for=192.0.2.7,,for=10.0.0.1,')).toEqual(['192.0.2.7', null, '10.0.0.1', null])
  })

  test('an element is no comma in quotes, and an open quote leaves none certain', () => {
    expect(forwarded('for=192.0.2.7;host="a,for=6.6.6.6", for=10.0.0.1')).toEqual(['192.0.2.7', '10.0.0.1'])
    expect(forwarded('x="\\",for=6.6.6.6;y=";for=192.0.2.7')).toEqual(['192.0.2.7'])
    for (const own of ['for="6.6.6.6', 'for=6.6.6.6;x="', 'x="\\', '"', 'for=6.6.6.6;host="\\"'])
      for (const proxys of [
        'for=192.0.2.7',
        'for="[2001:db8::1]"',
        'for=192.0.2.7;host="a"',
        'for="192.0.2.7:80";proto="http"',
      ]) {
        expect([own, forwarded(`${own}, ${proxys}`)]).toEqual([own, [null]])
        expect([own, forwarded(own, proxys)]).toEqual([own, [null]])
      }
  })

  test('tells no scheme and no host that is none', () => {
    for (const text of [
      'proto=ftp',
      'proto="https\\""',
      'proto=https,http',
      'host="a b"',
      'host=""',
      'host=u@h',
      'host="a..b"',
      'host=":80"',
    ])
      expect([text, all(`for=1.2.3.4;${text}`)[0]?.slice(1)]).toEqual([
        text,
        [text === 'proto=https,http' ? 'https' : null, null],
      ])
    expect(all('for=1.2.3.4;proto=WSS')).toEqual([['1.2.3.4', 'wss', null]])
  })
})
