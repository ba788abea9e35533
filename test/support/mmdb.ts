// Databases in the MaxMind format (version 2), as small as a test needs them.

/** What a record holds. */
type Value = string | number | readonly Value[] | { readonly [key: string]: Value }

/** A database of these networks, later ones within earlier ones; `type` as makers call theirs. */
export function mmdb(type: string, networks: readonly (readonly [cidr: string, record: Value])[]): Buffer {
  const nodes: [Slot, Slot][] = [[null, null]]
  const data: Buffer[] = []
  let length = 0
  for (const [cidr, record] of networks) {
    const encoded = encode(record)
    put(nodes, bitsOf(cidr), { data: length })
    data.push(encoded)
    length += encoded.length
  }
  const tree = Buffer.alloc(nodes.length * 8)
  const pointer = (slot: Slot): number =>
    slot === null ? nodes.length : typeof slot === 'number' ? slot : nodes.length + 16 + slot.data
  for (const [place, [zero, one]] of nodes.entries()) {
    tree.writeUInt32BE(pointer(zero), place * 8)
    tree.writeUInt32BE(pointer(one), place * 8 + 4)
  }
  const metadata = encode({
    node_count: nodes.length,
    record_size: 32,
    ip_version: 6,
    database_type: type,
    languages: ['en'],
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_700_000_000,
    description: { en: type },
  })
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1')
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata])
}

/** Nothing, another node, or where data begins. */
type Slot = null | number | { readonly data: number }

/** A v4 network lies below ::/96. */
function bitsOf(cidr: string): number[] {
  const [address = '', written = ''] = cidr.split('/')
  const isV4 = !address.includes(':')
  const bytes = isV4 ? [...Array<number>(12).fill(0), ...address.split('.').map(Number)] : bytesOf6(address)
  const prefix = Number(written) + (isV4 ? 96 : 0)
  return Array.from({ length: prefix }, (_, i) => ((bytes[i >> 3] ?? 0) >> (7 - (i & 7))) & 1)
}

function bytesOf6(address: string): number[] {
  const [head = '', tail] = address.split('::')
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((one) => parseInt(one, 16))
  const [before, after] = [groups(head), groups(tail ?? '')]
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
  return all.flatMap((group) => [group >> 8, group & 255])
}

function put(nodes: [Slot, Slot][], bits: readonly number[], value: Slot): void {
  let at = 0
  for (const [depth, bit] of bits.entries()) {
    const node = nodes[at] as [Slot, Slot]
    if (depth === bits.length - 1) {
      node[bit] = value
      return
    }
    const next = node[bit]
    if (typeof next === 'number') at = next
    else {
      // What was of the whole is of both halves.
      nodes.push([next ?? null, next ?? null])
      at = node[bit] = nodes.length - 1
    }
  }
}

const [DOUBLE, TEXT, UINT32, MAP, ARRAY] = [3, 2, 6, 7, 11]

function encode(value: Value): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(TEXT, Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === 'number') return Number.isInteger(value) ? integer(value) : double(value)
  if (Array.isArray(value)) return Buffer.concat([control(ARRAY, value.length), ...value.map(encode)])
  const entries = Object.entries(value)
  const parts = entries.flatMap(([key, one]) => [encode(key), encode(one)])
  return Buffer.concat([control(MAP, entries.length), ...parts])
}

function integer(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return Buffer.concat([control(UINT32, 4), bytes])
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleBE(value)
  return Buffer.concat([control(DOUBLE, 8), bytes])
}

function control(type: number, size: number): Buffer {
  const head = type > 7 ? 0 : type << 5
  const more = type > 7 ? [type - 7] : []
  return size < 29 ? Buffer.from([head | size, ...more]) : Buffer.from([head | 29, ...more, size - 29])
}
