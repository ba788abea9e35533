// A database of addresses in the MaxMind format. Those of MaxMind, DB-IP, IPinfo and of tables made from
// registries name the same things differently: each way is read here.
import { Reader } from 'mmdb-lib'
import { continentOf } from '../lib/countries.ts'

/** What is known of an address. */
export interface GeoFacts {
  /** Two capitals (ISO 3166). */
  readonly country: string | null
  /** AF, AN, AS, EU, NA, OC or SA. */
  readonly continent: string | null
  readonly city: string | null
  readonly asn: number | null
  readonly asName: string | null
  /** Degrees; both or none. */
  readonly latitude: number | null
  readonly longitude: number | null
}

export const NOWHERE: GeoFacts = {
  ...{ country: null, continent: null, city: null, asn: null, asName: null, latitude: null, longitude: null },
}

/** What it is for: each tells something else. */
export const GEO_KINDS = ['country', 'asn', 'city'] as const
export type GeoKind = (typeof GEO_KINDS)[number]

/** `find` takes an address in canonical text. */
export interface Database {
  readonly type: string
  readonly builtMs: number
  find(address: string): unknown
}

/** Why bytes are no such database; null: they are one, as far as a look tells. */
export function whyNoDatabase(bytes: Buffer): string | null {
  try {
    const { find } = openDatabase(bytes)
    for (const address of PROBES) find(address)
    return null
  } catch (error) {
    return error instanceof RangeError && error.message.startsWith('it ') ? error.message : BROKEN
  }
}

const BROKEN = 'it is no MaxMind database (.mmdb), or not whole'
/** Both ends of the tree, and something between. */
const PROBES = [
  '0.0.0.0',
  '8.8.8.8',
  '193.0.6.139',
  '255.255.255.255',
  '::',
  '2001:4860:4860::8888',
  'ffff::',
]

/** Throws when they are none. */
export function openDatabase(bytes: Buffer): Database {
  const reader = new Reader<never>(bytes)
  const { databaseType, buildEpoch, binaryFormatMajorVersion, searchTreeSize, ipVersion } = reader.metadata
  if (binaryFormatMajorVersion !== 2)
    throw new RangeError(`it has version ${binaryFormatMajorVersion} of the format: allowed is 2`)
  if (searchTreeSize + 16 > bytes.length) throw new RangeError('it is not whole')
  const isV4 = ipVersion === 4
  return {
    type: databaseType,
    builtMs: Number(buildEpoch),
    find: (address) => (isV4 && address.includes(':') ? null : reader.get(address)),
  }
}

/** A name by its path in records. */
type Paths = readonly (readonly string[])[]

const COUNTRY: Paths = [
  ['country', 'iso_code'],
  ['country_code'],
  ['country'],
  ['registered_country', 'iso_code'],
]
const CONTINENT: Paths = [['continent', 'code'], ['continent_code'], ['continent']]
const CITY: Paths = [['city', 'names', 'en'], ['city']]
const LATITUDE: Paths = [['location', 'latitude'], ['latitude'], ['lat']]
const LONGITUDE: Paths = [['location', 'longitude'], ['longitude'], ['lng']]
const ASN: Paths = [['autonomous_system_number'], ['asn']]
const AS_NAME: Paths = [['autonomous_system_organization'], ['as_name'], ['name']]

/** What a record of a database of countries or places says. */
export function placeIn(
  record: unknown,
): Pick<GeoFacts, 'country' | 'continent' | 'city' | 'latitude' | 'longitude'> {
  const country = codeIn(record, COUNTRY)
  const [latitude, longitude] = [numberIn(record, LATITUDE), numberIn(record, LONGITUDE)]
  const isPlaced = latitude !== null && longitude !== null
  return {
    country,
    continent: codeIn(record, CONTINENT) ?? (country === null ? null : continentOf(country)),
    city: textIn(record, CITY),
    latitude: isPlaced ? latitude : null,
    longitude: isPlaced ? longitude : null,
  }
}

/** What one of a database of networks says. */
export function networkIn(record: unknown): Pick<GeoFacts, 'asn' | 'asName'> {
  const found = valueIn(record, ASN)
  const number = typeof found === 'string' ? Number(found.replace(/^AS/i, '')) : found
  return { asn: isAsNumber(number) ? number : null, asName: textIn(record, AS_NAME) }
}

const isAsNumber = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0

function codeIn(record: unknown, paths: Paths): string | null {
  const text = textIn(record, paths)?.toUpperCase()
  return text !== undefined && /^[A-Z]{2}$/.test(text) ? text : null
}

function textIn(record: unknown, paths: Paths): string | null {
  const value = valueIn(record, paths)
  return typeof value === 'string' && value !== '' ? value : null
}

function numberIn(record: unknown, paths: Paths): number | null {
  const value = Number(valueIn(record, paths) ?? NaN)
  return Number.isFinite(value) ? value : null
}

/** The first that is a text or a number. */
function valueIn(record: unknown, paths: Paths): string | number | null {
  for (const path of paths) {
    const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | null)?.[key], record)
    if (typeof value === 'string' || typeof value === 'number') return value
  }
  return null
}
