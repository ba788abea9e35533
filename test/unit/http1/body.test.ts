import { describe, expect, test } from 'bun:test'
import { BodyReader, MALFORMED } from '../../../server/http1/body.ts'

interface Read {
  /** Where the body ended, 'malformed', or 'open' while more of it must come. */
  readonly end: number | 'malformed' | 'open'
  readonly out: string
  readonly contentBytes: number
}

const POISON = '\r\n0\r\n\r\n5\r\n'

/** Reads the pieces, each in the middle of a buffer whose other bytes would end the body. */
function readPieces(reader: BodyReader, pieces: readonly string[]): Read {
  let out = ''
  let at = 0
  const taker = {
    piece(bytes: Buffer, from: number, to: number) {
      expect(to).toBeGreaterThan(from)
      out += bytes.latin1Slice(from, to)
    },
  }
  for (const piece of pieces) {
    const bytes = Buffer.from(POISON + piece + POISON, 'latin1')
    const end = reader.read(bytes, POISON.length, POISON.length + piece.length, taker)
    if (end === MALFORMED) return { end: 'malformed', out, contentBytes: reader.contentBytes }
    expect(end).toBeWithin(POISON.length, POISON.length + piece.length + 1)
    if (reader.isDone) return { end: at + end - POISON.length, out, contentBytes: reader.contentBytes }
    at += piece.length
  }
  return { end: 'open', out, contentBytes: reader.contentBytes }
}

function chunked(
  text: string,
  { keepsFraming = false, pieces = [text] }: { keepsFraming?: boolean; pieces?: readonly string[] } = {},
): Read {
  const reader = new BodyReader()
  reader.begin('chunked', 0, keepsFraming)
  return readPieces(reader, pieces)
}

/** The text whole, byte by byte, and cut once at every place. */
const cuttings = (text: string): string[][] => [
  [text],
  [...text],
  ...Array.from({ length: text.length - 1 }, (_, i) => [text.slice(0, i + 1), text.slice(i + 1)]),
]

describe('no body', () => {
  test('is done before the first byte', () => {
    const reader = new BodyReader()
    reader.begin('none', 0, false)
    expect(readPieces(reader, ['x'])).toEqual({ end: 0, out: '', contentBytes: 0 })
  })
  test('a length of zero is done too', () => {
    const reader = new BodyReader()
    reader.begin('length', 0, false)
    expect([reader.isDone, readPieces(reader, ['x']).end]).toEqual([true, 0])
  })
})

describe('a body of a length', () => {
  test('ends after so many bytes, however it is cut', () => {
    for (const pieces of cuttings('hello, next')) {
      const reader = new BodyReader()
      reader.begin('length', 5, true)
      expect(readPieces(reader, pieces)).toEqual({ end: 5, out: 'hello', contentBytes: 5 })
      expect(reader.left).toBe(0)
    }
  })
  test('is open until then', () => {
    const reader = new BodyReader()
    reader.begin('length', 5, true)
    expect(readPieces(reader, ['hell'])).toEqual({ end: 'open', out: 'hell', contentBytes: 4 })
    expect([reader.left, reader.isDone]).toEqual([1, false])
  })
})

test('a body that ends with the connection takes all', () => {
  const reader = new BodyReader()
  reader.begin('close', 0, true)
  expect(readPieces(reader, ['0\r\n\r\n', 'x'])).toEqual({ end: 'open', out: '0\r\n\r\nx', contentBytes: 6 })
  expect(reader.isCloseDelimited).toBe(true)
})

describe('a chunked body', () => {
  const bodies: Record<string, { text: string; content: string; kept?: string }> = {
    'one chunk': { text: '2\r\nhi\r\n0\r\n\r\n', content: 'hi' },
    'no chunk but the last': { text: '0\r\n\r\n', content: '' },
    'several, sizes in hex of both cases': {
      text: 'a\r\n0123456789\r\nB\r\n0123456789a\r\n0\r\n\r\n',
      content: '01234567890123456789a',
    },
    'more chunks than a size has digits': {
      text: `${'01\r\nx\r\n'.repeat(20)}0\r\n\r\n`,
      content: 'x'.repeat(20),
    },
    'zeros before a size': { text: '0002\r\nhi\r\n000\r\n\r\n', content: 'hi' },
    'a chunk that looks like the end': { text: '5\r\n0\r\n\r\n\r\n0\r\n\r\n', content: '0\r\n\r\n' },
    extensions: { text: '2;a=b;c\r\nhi\r\n0;d\r\n\r\n', content: 'hi', kept: '2\r\nhi\r\n0\r\n\r\n' },
    'extensions in quotes': {
      text: '2;a="b;\\"\t\xe4";c\r\nhi\r\n1;x\r\n!\r\n0\r\n\r\n',
      content: 'hi!',
      kept: '2\r\nhi\r\n1\r\n!\r\n0\r\n\r\n',
    },
    'white space in an extension': {
      text: '2; a = b\r\nhi\r\n0\r\n\r\n',
      content: 'hi',
      kept: '2\r\nhi\r\n0\r\n\r\n',
    },
    trailers: { text: '2\r\nhi\r\n0\r\nX-T: 1\r\nGrpc-Status:0\r\nX-U:\r\n\r\n', content: 'hi' },
    'extensions and trailers': {
      text: '2;x\r\nhi\r\n0;y\r\nX-T: \xe4\r\n\r\n',
      content: 'hi',
      kept: '2\r\nhi\r\n0\r\nX-T: \xe4\r\n\r\n',
    },
  }
  for (const [name, { text, content, kept = text }] of Object.entries(bodies))
    test(`${name}: content or framing come out the same however it is cut`, () => {
      for (const pieces of cuttings(`${text}GET /next`)) {
        expect(chunked(text, { pieces })).toEqual({
          end: text.length,
          out: content,
          contentBytes: content.length,
        })
        expect(chunked(text, { pieces, keepsFraming: true })).toEqual({
          end: text.length,
          out: kept,
          contentBytes: content.length,
        })
      }
    })

  test('is open at every byte before its end', () => {
    const text = '2;a="b"\r\nhi\r\n0\r\nX-T: 1\r\n\r\n'
    for (let cut = 0; cut < text.length; cut++) expect(chunked(text.slice(0, cut)).end).toBe('open')
  })

  test('tells trailers apart from content, without those that may not pass, however they are cut', () => {
    const text = '2\r\nhi\r\n0\r\nX-T: 1 \r\nHost: evil\r\nX-U:\xe4b\r\n\r\n'
    for (const pieces of cuttings(text)) {
      const reader = new BodyReader()
      reader.begin('chunked', 0, true)
      reader.contentOnly()
      readPieces(reader, pieces)
      const trailers = reader.takeTrailers()!
      expect(Array.from({ length: trailers.count }, (_, f) => [trailers.name(f), trailers.value(f)])).toEqual(
        [
          ['X-T', '1'],
          ['X-U', '\xe4b'],
        ],
      )
      expect(trailers.bytes.latin1Slice(trailers.start, trailers.end)).toBe('X-T: 1 \r\nX-U:\xe4b\r\n')
    }
  })

  test('has none to tell apart where framing is handed on, or none came', () => {
    for (const [trailers, keepsFraming] of [
      ['', false],
      ['Host: evil\r\n', false],
      ['X-T: 1\r\n', true],
    ] as const) {
      const reader = new BodyReader()
      reader.begin('chunked', 0, keepsFraming)
      readPieces(reader, [`0\r\n${trailers}\r\n`])
      expect(reader.takeTrailers()).toBeNull()
    }
  })

  test('reads nothing once it is done', () => {
    const reader = new BodyReader()
    reader.begin('chunked', 0, false)
    readPieces(reader, ['0\r\n\r\n'])
    expect(readPieces(reader, ['2\r\nhi\r\n'])).toEqual({ end: 0, out: '', contentBytes: 0 })
  })

  test('begins anew after a broken one', () => {
    const reader = new BodyReader()
    for (const broken of [
      '2;a="',
      '2\r\nhiX',
      '5\r\nhi',
      '0\r\nContent-Leng',
      'fffffffff',
      '0\r\nX-T: 1\r\n',
    ]) {
      reader.begin('chunked', 0, true)
      readPieces(reader, [broken])
      reader.begin('chunked', 0, false)
      expect(readPieces(reader, ['2\r\nhi\r\n0\r\nTH: 1\r\n\r\n'])).toEqual({
        end: 19,
        out: 'hi',
        contentBytes: 2,
      })
    }
  })
})

describe('goes on in canonical form, however it is cut:', () => {
  const NAMES = [
    'Host', 'connection', 'TE', 'Authorization', 'Cookie', 'Set-Cookie', 'X-Forwarded-For', 'Forwarded', 'Via', 'proxy-authorization', 'x_real_ip',
    'X-Client-Cert-Verified', 'X_Client_Cert_Subject', 'Client-Cert', 'client_cert_chain',
  ] // prettier-ignore
  for (const name of NAMES)
    test(`${name} is left out of the trailers: a server could take it for a field of the head`, () => {
      const text = `2\r\nhi\r\n0\r\nX-T: 1\r\n${name}: 1\r\nX-U: 2\r\n\r\n`
      for (const pieces of cuttings(text)) {
        const { end, out } = chunked('', { pieces, keepsFraming: true })
        expect([end, out]).toEqual([text.length, '2\r\nhi\r\n0\r\nX-T: 1\r\nX-U: 2\r\n\r\n'])
      }
    })
  for (const line of ['2 ', '2\t', '2 \t ', '2 ;a', '2\t; a=b', '2 ; a = "b" '])
    test(`${JSON.stringify(line)} is a size without its blanks`, () => {
      const text = `${line}\r\nhi\r\n0 \r\n\r\n`
      for (const pieces of cuttings(text)) {
        const { end, out } = chunked('', { pieces, keepsFraming: true })
        expect([end, out]).toEqual([text.length, '2\r\nhi\r\n0\r\n\r\n'])
      }
    })
})

describe('refused', () => {
  const bodies: Record<string, string> = {
    'LF for CRLF': '2\nhi\n0\n\n',
    'LF after a size': '2\nhi\r\n0\r\n\r\n',
    'LF after data': '2\r\nhi\n0\r\n\r\n',
    'CR after data': '2\r\nhi\r0\r\n\r\n',
    'CR CR after a size': '2\r\rhi\r\n0\r\n\r\n',
    'LF after the last size': '0\n\r\n',
    'LF at the end': '0\r\n\n',
    'CR CR at the end': '0\r\n\r\r',
    '0x': '0x2\r\nhi\r\n0\r\n\r\n',
    'a space between digits': '1 0\r\n',
    'a blank that is none': '2\x0b\r\nhi\r\n0\r\n\r\n',
    'a space before a size': ' 2\r\nhi\r\n0\r\n\r\n',
    'a plus': '+2\r\nhi\r\n0\r\n\r\n',
    'a minus': '-2\r\nhi\r\n0\r\n\r\n',
    'an underscore': '0_2\r\nhi\r\n0\r\n\r\n',
    'no size': '\r\nhi\r\n0\r\n\r\n',
    'an extension without size': ';a\r\nhi\r\n0\r\n\r\n',
    'no hex': 'g\r\n',
    'a byte that folds onto a digit': '\x12\r\n',
    'a byte that folds onto a hex letter': 'A\r\n0123456789\r\n!\r\n',
    'data longer than its size': '2\r\nhiX\r\n0\r\n\r\n',
    'bad end of a chunk': '2\r\nhiXX0\r\n\r\n',
    'one byte for the CR after data': '2\r\nhiX\n0\r\n\r\n',
    'a bare LF in an extension': '2;a\nhi\r\n',
    'a bare CR in an extension': '2;a\rb\r\n',
    'a CR in quotes': '1;a="\r\n"\r\n0\r\n\r\n',
    'an escaped CR in quotes': '2;a="\\\r\n"\r\nhi\r\n',
    'NUL in an extension': '2;a=\0\r\n',
    'NUL in quotes': '2;a="\0"\r\n',
    'an escaped NUL in quotes': '2;a="\\\0"\r\n',
    'a high byte outside quotes': '2;\xe4\r\n',
    'a comma in an extension': '2;a,b\r\n',
    'a trailer folded': '0\r\nX-T: 1\r\n 2\r\n\r\n',
    'a trailer with bare LF': '0\r\nX-T: 1\nX-U: 2\r\n\r\n',
    'a trailer with bare CR': '0\r\nX-T: 1\rX-U: 2\r\n\r\n',
    'a trailer with a space before its colon': '0\r\nX-T : 1\r\n\r\n',
    'a trailer that some read as Content-Length': '0\r\nContent_Length: 3\r\n\r\n',
    'a trailer without colon': '0\r\nXT\r\n\r\n',
    'a trailer without name': '0\r\n: 1\r\n\r\n',
    'a trailer with NUL': '0\r\nX-T: \0\r\n\r\n',
    'the next request in place of trailers': '0\r\nGET /smug HTTP/1.1\r\n\r\n',
  }
  for (const [name, text] of Object.entries(bodies))
    test(`${name}, however it is cut, and never done`, () => {
      for (const keepsFraming of [false, true])
        for (const pieces of cuttings(text))
          expect(chunked(text, { pieces, keepsFraming }).end).toBe('malformed')
    })

  for (const name of ['Content-Length', 'TRANSFER-ENCODING', 'Transfer_Encoding'])
    test(`${name} as a trailer: a server could frame by it`, () => {
      for (const pieces of cuttings(`0\r\nX-T: 1\r\n${name}: 1\r\n\r\n`))
        expect(chunked('', { pieces }).end).toBe('malformed')
    })
  test('names near them are trailers like others', () => {
    for (const name of [
      'Content-Length2',
      'Hos',
      'XHost',
      'Proxy-Authorization-Information-Of-Ours',
      'T',
      'TEE',
      'hostt',
    ])
      expect([name, chunked(`0\r\n${name}: 1\r\n\r\n`).end]).toEqual([name, name.length + 10])
  })
})

describe('bounds', () => {
  test('a size has at most thirteen digits, zeros included, and is exact', () => {
    const reader = new BodyReader()
    reader.begin('chunked', 0, false)
    expect(readPieces(reader, ['fffffffffffff\r\nx']).end).toBe('open')
    expect(reader.left).toBe(Number.POSITIVE_INFINITY) // of a chunked body nobody knows
    expect(reader.contentBytes).toBe(1)
    expect(chunked('10000000000000\r\n').end).toBe('malformed')
    expect(chunked('ffffffffffffffffff2\r\nhi\r\n').end).toBe('malformed')
    expect(chunked('00000000000002\r\nhi\r\n0\r\n\r\n').end).toBe('malformed')
  })
  test('a size of 2^32 + 2 is not 2', () => expect(chunked('100000002\r\nhi\r\n0\r\n\r\n').end).toBe('open'))
  test('all extensions of a body together have 4 KiB', () => {
    const chunk = `1;${'a'.repeat(1023)}\r\nx\r\n`
    expect(chunked(`${chunk.repeat(4)}0\r\n\r\n`).contentBytes).toBe(4)
    expect(chunked(`${chunk.repeat(4)}0\r\n\r\n`).end).toBeNumber()
    expect(chunked(`${chunk.repeat(4)}0;a\r\n\r\n`).end).toBe('malformed')
    expect(chunked(`2;${'a'.repeat(5000)}`).end).toBe('malformed')
  })
  test('all trailers together have 8 KiB', () => {
    const ofLength = (length: number): string =>
      `0\r\nX-T: ${'a'.repeat(length - 'X-T: \r\n\r\n'.length)}\r\n\r\n`
    expect(chunked(ofLength(8192)).end).toBe(8195)
    expect(chunked(ofLength(8193)).end).toBe('malformed')
    expect(chunked(`0\r\n${'X: 1\r\n'.repeat(2000)}\r\n`).end).toBe('malformed')
  })
})
