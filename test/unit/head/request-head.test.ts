import { describe, expect, test } from 'bun:test'
import { KNOWN } from '../../../server/head/known-fields.ts'
import { RequestHead, mayEnd } from '../../../server/head/request-head.ts'
import { LIMITS, placed, request, scanRequest } from './heads.ts'

const H = 'Host: h\r\n'
const get = (fields = '', target = '/1', version = 'HTTP/1.1'): string =>
  `GET ${target} ${version}\r\n${H}${fields}\r\n`
const line = (first: string): string => `${first}\r\n${H}\r\n`
const repeated = (count: number): string => Array.from({ length: count }, (_, i) => `X-${i}: 1\r\n`).join('')

test('an ordinary head is read', () => {
  const head = request('GET /a/b?c=d HTTP/1.1\r\nHost: Example.COM:8080\r\nAccept: */*\r\n\r\n')
  expect([head.method, head.path, head.query, head.target]).toEqual(['GET', '/a/b', 'c=d', '/a/b?c=d'])
  expect([head.host, head.version, head.isAbsolute, head.plainPath]).toEqual(['example.com', 11, false, true])
  expect(head.get('accept')).toBe('*/*')
  expect(head.get('accept-language')).toBeNull()
})

describe('what is refused as malformed', () => {
  const vectors: Record<string, string> = {
    'obs-fold': get('X-A: a\r\n b\r\n'),
    'obs-fold with a tab': get('X-A: a\r\n\tb\r\n'),
    'obs-fold of nothing': get('X-A: a\r\n \r\n'),
    'white space before the first field': `GET /1 HTTP/1.1\r\n ${H}\r\n`,
    'a line without colon': get('XA\r\n'),
    'a space in a name': get('X A: 1\r\n'),
    'an empty name': get(': 1\r\n'),
    'a space before the colon': get('X-A : 1\r\n'),
    'a tab before the colon': get('Transfer-Encoding\t: chunked\r\n'),
    'a high byte in a name': get('X-\xe4: 1\r\n'),
    'a control character in a name': get('X\x01: 1\r\n'),
    'a bare CR in a value': get('X-A: 1\rX-B: 2\r\n'),
    'a bare LF in a value': get('X-A: 1\nX-B: 2\r\n'),
    'CR CR LF': get('X-A: 1\r\r\n'),
    'LF ends the head': `GET /1 HTTP/1.1\r\n${H}\n`,
    'CR and another byte end the head': `GET /1 HTTP/1.1\r\n${H}\rX`,
    'NUL in a value': get('X-A: 1\0 2\r\n'),
    'a vertical tab in a value': get('Transfer-Encoding: \x0bchunked\r\n'),
    'DEL in a value': get('X-A: \x7f\r\n'),
    'a leading space': ` ${get()}`,
    'a leading LF': `\n${get()}`,
    'two empty lines before': `\r\n\r\n${get()}`,
    'an empty method': line(' /1 HTTP/1.1'),
    'a tab after the method': line('GET\t/1 HTTP/1.1'),
    'a parenthesis in the method': line('G(T /1 HTTP/1.1'),
    'a method of 33 bytes': line(`${'G'.repeat(33)} /1 HTTP/1.1`),
    'a method without end': 'G'.repeat(33),
    'LF ends the request line': `GET /1 HTTP/1.1\n${H}\r\n`,
    'CR ends the request line': `GET /1 HTTP/1.1\r${H}\r\n`,
    'no version': line('GET /1'),
    'a space after the version': line('GET /1 HTTP/1.1 '),
    'two targets': line('GET /1 /2 HTTP/1.1'),
    'a version in small letters': line('GET /1 http/1.1'),
    'another protocol': line('GET /1 ICE/1.0'),
    'a version of two digits': line('GET /1 HTTP/1.10'),
    'a zero before the version': line('GET /1 HTTP/01.1'),
    'a version without point': line('GET /1 HTTP/1 1'),
    'a TLS hello': '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n',
  }
  for (const [name, bytes] of Object.entries(vectors)) {
    test(name, () => expect(scanRequest(bytes)).toBe('head_malformed'))
  }
})

describe('versions', () => {
  test('1.0 and 1.1 are served', () => {
    expect(request(get('', '/1', 'HTTP/1.0')).version).toBe(10)
    expect(request(get()).version).toBe(11)
  })
  for (const version of ['HTTP/2.0', 'HTTP/0.9', 'HTTP/1.2', 'HTTP/3.1']) {
    test(`${version} is not`, () => expect(scanRequest(get('', '/1', version))).toBe('version_unsupported'))
  }
  test('the preface of HTTP/2 is known by its version', () =>
    expect(scanRequest('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toBe('version_unsupported'))
})

describe('methods', () => {
  test('those of the table and others are told apart byte for byte', () => {
    for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE', 'QUERY'])
      expect(request(line(`${method} /1 HTTP/1.1`)).method).toBe(method)
    for (const method of ['get', 'GETX', 'GE', 'M-SEARCH', '_', "!#$%&'*+-.^`|~", 'G'.repeat(32)]) {
      const head = request(line(`${method} /1 HTTP/1.1`))
      expect([head.method, head.methodId]).toEqual([method, 10])
    }
  })
})

describe('targets', () => {
  const kept = [
    '/', '//', '//evil/x', '/a/./b//c;d=1/%41%7e%2F', "/!$&'()*+,;=:@-._~", '/[x]', '/{a}|^`"<>', '/a%', '/?', '/??', '/?a=/../&b=%00',
  ] // prettier-ignore
  for (const target of kept)
    test(`${target} stays byte for byte`, () => expect(request(get('', target)).target).toBe(target))

  for (const target of [
    '1',
    '*',
    '/a#b',
    '#',
    '/a\\..\\b',
    '/\xe4',
    '/\x7f',
    '/\x01',
    'h:80',
    'ftp://h/',
    'http:/h',
    'http:h',
    '?a',
    '',
  ])
    test(`${JSON.stringify(target)} is refused`, () =>
      expect(scanRequest(get('', target))).toBe('target_invalid'))

  test('* is for OPTIONS alone, and alone', () => {
    expect(request(line('OPTIONS * HTTP/1.1')).path).toBe('*')
    expect(scanRequest(line('OPTIONS *?a HTTP/1.1'))).toBe('target_invalid')
    expect(scanRequest(line('OPTIONS ** HTTP/1.1'))).toBe('target_invalid')
  })
  test('the authority form, with a port, is for CONNECT alone, and no other form is', () => {
    expect(request(line('CONNECT h:443 HTTP/1.1')).target).toBe('h:443')
    expect(request(line('CONNECT [::1]:443 HTTP/1.1')).method).toBe('CONNECT')
    for (const target of ['', '/', '*', 'h', 'h:', 'h:0', ':443', 'h:443/', 'u@h:443', '?', 'http://h:443/'])
      expect([target, scanRequest(line(`CONNECT ${target} HTTP/1.1`))]).toEqual([target, 'target_invalid'])
  })
  test('a path is plain without escapes and dot segments, whatever the query holds', () => {
    const isPlain = (target: string): boolean => request(get('', target)).plainPath
    for (const target of ['/', '/a.b', '/a..b/', '/a?/../%41', '//'])
      expect([target, isPlain(target)]).toEqual([target, true])
    for (const target of ['/%41', '/./a', '/a/..', '/a/.', '/.well-known'])
      expect([target, isPlain(target)]).toEqual([target, false])
  })
})

describe('absolute form', () => {
  test('its authority replaces Host', () => {
    const head = request('GET http://Other:81/p?q HTTP/1.1\r\nHost: h\r\n\r\n')
    expect([head.host, head.path, head.query, head.isAbsolute]).toEqual(['other', '/p', 'q', true])
    expect(head.authority.raw.toString()).toBe('Other:81')
  })
  test('without a path it means "/", for OPTIONS "*"', () => {
    expect(request('GET http://o HTTP/1.1\r\nHost: h\r\n\r\n').target).toBe('/')
    expect(request('GET http://o?q HTTP/1.1\r\nHost: h\r\n\r\n').target).toBe('/?q')
    expect(request('OPTIONS http://o HTTP/1.1\r\nHost: h\r\n\r\n').target).toBe('*')
    expect(request('OPTIONS http://o/ HTTP/1.1\r\nHost: h\r\n\r\n').target).toBe('/')
  })
  test('https and capital letters are read too', () =>
    expect(request('GET HTTPS://o/p HTTP/1.1\r\nHost: h\r\n\r\n').path).toBe('/p'))
  for (const authority of ['', ':80', 'u@o', 'u:p@o', 'o:x', 'o:99999', 'o,p', '[::1', 'o%41', '.'])
    test(`the authority ${JSON.stringify(authority)} is refused`, () =>
      expect(scanRequest(`GET http://${authority}/ HTTP/1.1\r\nHost: h\r\n\r\n`)).toBe('target_invalid'))
  test('it does not make up for a Host that is missing or wrong', () => {
    expect(scanRequest('GET http://o/ HTTP/1.1\r\n\r\n')).toBe('host_invalid')
    expect(scanRequest('GET http://o/ HTTP/1.1\r\nHost: a b\r\n\r\n')).toBe('host_invalid')
  })
})

describe('Host', () => {
  test('HTTP/1.1 needs exactly one, wherever it stands and however it is spelled', () => {
    for (const fields of ['', 'X-A: 1\r\n', `${H}${H}`, `${H}X-A: 1\r\nhOST: i\r\n`, 'Host_: h\r\n'])
      expect(scanRequest(`GET / HTTP/1.1\r\n${fields}\r\n`)).toBe('host_invalid')
    expect(request('GET / HTTP/1.1\r\nX-A: 1\r\nhOsT:h\r\n\r\n').host).toBe('h')
  })
  test('HTTP/1.0 may have none, but not two', () => {
    expect(request('GET / HTTP/1.0\r\n\r\n').host).toBe('')
    expect(scanRequest(`GET / HTTP/1.0\r\n${H}${H}\r\n`)).toBe('host_invalid')
  })
})

describe('limits', () => {
  const small = { headBytes: 100, targetBytes: 20, fields: 3 }
  const ofLength = (length: number): string => {
    const empty = get('X-A: \r\n')
    return get(`X-A: ${'a'.repeat(length - empty.length)}\r\n`)
  }
  test('a head may have exactly so many bytes', () => {
    expect(scanRequest(ofLength(100), small)).toBe(100)
    expect(scanRequest(ofLength(101), small)).toBe('head_too_large')
  })
  test('a head that is not whole by then is refused, not waited for', () => {
    expect(scanRequest(ofLength(200).slice(0, 100), small)).toBe('incomplete')
    expect(scanRequest(ofLength(200).slice(0, 101), small)).toBe('head_too_large')
  })
  test('what follows a head does not count', () =>
    expect(scanRequest(`${ofLength(100)}${'x'.repeat(1000)}`, small)).toBe(100))
  test('a target may have exactly so many bytes', () => {
    expect(scanRequest(get('', `/${'a'.repeat(19)}`), small)).toBeNumber()
    expect(scanRequest(get('', `/${'a'.repeat(20)}`), small)).toBe('target_too_long')
    expect(scanRequest(`GET /${'a'.repeat(19)}`, small)).toBe('incomplete')
    expect(scanRequest(`GET /${'a'.repeat(20)}`, small)).toBe('target_too_long')
  })
  test('there may be exactly so many fields', () => {
    expect(scanRequest(get(repeated(2)), small)).toBeNumber()
    expect(scanRequest(get(repeated(3)), small)).toBe('head_too_large')
    expect(scanRequest(get(repeated(99)))).toBeNumber()
    expect(scanRequest(get(repeated(100)))).toBe('head_too_large')
  })
  test('as configured by default: 10,000 bytes pass in a field, 20,000 do not, nor 10,000 in a target', () => {
    expect(scanRequest(get(`X-A: ${'a'.repeat(10_000)}\r\n`))).toBeNumber()
    expect(scanRequest(get(`X-A: ${'a'.repeat(20_000)}\r\n`))).toBe('head_too_large')
    expect(scanRequest(get('', `/${'a'.repeat(8191)}`))).toBeNumber()
    expect(scanRequest(get('', `/${'a'.repeat(10_000)}`))).toBe('target_too_long')
    expect(scanRequest(get('', `/${'a'.repeat(20_000)}`))).toBe('target_too_long')
  })
})

describe('pieces', () => {
  test('of a good head every beginning is incomplete', () => {
    for (const text of [get('X-A: 1\r\n'), 'GET http://o:80?q HTTP/1.0\r\n\r\n'])
      for (let cut = 0; cut < text.length; cut++) expect(scanRequest(text.slice(0, cut))).toBe('incomplete')
  })
  test('one object reads a head again with more bytes', () => {
    const head = new RequestHead()
    expect(scanRequest('GET http://o/1 HTTP/1.1\r\nHost: h\r\nX-A: 1\r\n', LIMITS, head)).toBe('incomplete')
    expect(scanRequest(get(), LIMITS, head)).toBe(get().length)
    expect([head.host, head.path, head.get('x-a')]).toEqual(['h', '/1', null])
  })
  test('a refused head shows nothing of the one before it on its connection', () => {
    const head = new RequestHead()
    scanRequest('HEAD http://o/secret?q HTTP/1.0\r\nHost: h\r\n\r\n', LIMITS, head)
    for (const refused of ['(', 'G', 'POST \x01', '\r\r']) {
      scanRequest(refused, LIMITS, head)
      expect([head.target, head.host, head.isAbsolute, head.version]).toEqual(['', '', false, 11])
      expect(head.methodId).not.toBe(1)
      expect(head.fields.count).toBe(0)
    }
  })
  test('release forgets fields and edits', () => {
    const head = request(get('X-A: 1\r\n'))
    head.set('X-B', '2')
    head.release()
    expect([head.get('x-a'), head.get('x-b'), head.fields.seen]).toEqual([null, null, 0])
  })
})

/** A head that was read somewhere in the middle of other bytes, which are overwritten then. */
function detached(text: string): RequestHead {
  const { bytes, from, to } = placed(text)
  const read = Buffer.concat([bytes, Buffer.alloc(100_000, 120)])
  const head = new RequestHead()
  head.scan(read, from, to, LIMITS)
  head.detach()
  read.fill(0xdd)
  return head
}

test('a detached head keeps its text and lets the large buffer go', () => {
  const text = `GET http://o/p?q=1 HTTP/1.1\r\n${H}X-A: a\r\n\r\n`
  const head = detached(text)
  expect([head.method, head.target, head.query, head.host]).toEqual(['GET', '/p?q=1', 'q=1', 'o'])
  expect([head.get('host'), head.get('x-a'), head.fields.name(1)]).toEqual(['h', 'a', 'X-A'])
  expect(head.fields.bytes.length).toBeLessThan(4096)
  expect([head.headStart, head.headEnd, head.fields.lineEnd(1)]).toEqual([0, text.length, text.length - 2])
})

test('a detached head that was refused keeps what was read of it', () => {
  const head = detached(`PUT /p?q=1 HTTP/1.1\r\n${H}X-A: a\r\nX-B : b\r\n\r\n`)
  expect([head.isWhole, head.method, head.target, head.get('x-a')]).toEqual([false, 'PUT', '/p?q=1', 'a'])
  expect(detached('PATCH /p HTTP/3.1\r\n\r\n').target).toBe('/p')
})

test('heads share the memory that they are detached to, one after the other', () => {
  const [first, second] = [detached(get('X-A: 1\r\n')), detached(get('X-A: 2\r\n'))]
  const { bytes } = first.fields
  first.release()
  const third = detached(get('X-A: 3\r\n'))
  expect(third.fields.bytes).toBe(bytes)
  expect([first.get('x-a'), second.get('x-a'), third.get('x-a')]).toEqual([null, '2', '3'])
  const large = detached(get(`X-A: ${'a'.repeat(3000)}\r\n`))
  expect(large.get('x-a')).toBe('a'.repeat(3000))
})

test('mayEnd sees an empty line in any spelling, and none where there is none', () => {
  const ends = (text: string): boolean => mayEnd(Buffer.from(`${text}\n\n`), 0, text.length)
  for (const text of ['a\r\n\r\n', 'a\n\n', 'a\r\n\n', 'a\n\r\n', '\n\nb'])
    expect([text, ends(text)]).toEqual([text, true])
  for (const text of ['', 'a', 'a\r\n', 'a\r\n\r', 'a\n\r', 'a\nb\nc', '\r\r'])
    expect([text, ends(text)]).toEqual([text, false])
})

test('User-Agent is the same however it is asked for, from one request of a connection to the next', () => {
  const head = new RequestHead()
  const told = (fields: string, change: (head: RequestHead) => void = () => {}): (string | null)[] => {
    const bytes = Buffer.from(get(fields), 'latin1')
    expect(head.scan(bytes, 0, bytes.length, LIMITS)).toBe(bytes.length)
    change(head)
    const both = [head.get('user-agent'), head.userAgent]
    head.release()
    bytes.fill(0xdd) // it was only lent
    return both
  }
  for (let n = 0; n < 4; n++) {
    expect(told('User-Agent: one\r\n')).toEqual(['one', 'one'])
    expect(told('User-Agent: two\r\n')).toEqual(['two', 'two'])
    expect(told('User-Agent: \r\n')).toEqual(['', ''])
    expect(told('')).toEqual([null, null])
    expect(told('User-Agent: one\r\n', (it) => it.set('User-Agent', 'set'))).toEqual(['set', 'set'])
    expect(told('User-Agent: one\r\n', (it) => it.remove('User-Agent'))).toEqual([null, null])
    expect(told('User-Agent: one\r\n', (it) => (it.fields.hidden |= 1 << KNOWN.userAgent))).toEqual([
      null,
      null,
    ])
  }
  const bytes = Buffer.from('GET /1 HTTP/9.9\r\n\r\n')
  expect([head.scan(bytes, 0, bytes.length, LIMITS), head.userAgent]).toEqual(['version_unsupported', null])
})
