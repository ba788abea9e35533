// Where rules ask for countries and networks: there must be a database that knows them.
import { continentOf } from '../lib/countries.ts'
import type { GeoStepConfig } from '../middleware/geo.options.ts'
import type { Condition } from '../rules/match.options.ts'
import type { Checked } from './checked.ts'
import { isStandIn } from './stand-in.ts'
import type { Path } from './tree.ts'

const GEO_KINDS = ['country', 'asn', 'city'] as const

/** What may be asked of a client's address, and which databases tell it. */
const TOLD_BY = {
  country: ['country', 'city'],
  continent: ['country', 'city'],
  asn: ['asn'],
} as const
type GeoPart = keyof typeof TOLD_BY

export function checkGeo(checked: Checked): void {
  const { geo } = checked.config
  if (geo === undefined) return
  if (GEO_KINDS.every((kind) => geo[kind] === undefined))
    checked.report({
      code: 'missing-key',
      path: ['geo'],
      found: 'geo without a database',
      allowed: 'country, asn or city',
    })
  for (const kind of GEO_KINDS) {
    const file = geo[kind]
    const why = file === undefined || isStandIn(file) ? null : checked.machine?.whyNoDatabase(file)
    if (file === undefined || why === null || why === undefined) continue
    const path = ['geo', kind]
    checked.report({
      code: 'file',
      path,
      found: `${checked.said(path, file)}: ${why}`,
      allowed: 'a database of the MaxMind format (.mmdb)',
    })
  }
}

/** Checks the middleware of this name. */
export function checkGeoStep(checked: Checked, path: Path, { allow, deny }: GeoStepConfig): void {
  checkWhere(checked, [...path, 'allow'], allow)
  checkWhere(checked, [...path, 'deny'], deny)
}

/** Checks what is asked of where clients are. */
export function checkWhere(checked: Checked, path: Path, words: Pick<Condition, GeoPart>): void {
  for (const part of ['country', 'continent', 'asn'] as const)
    if (words[part].length > 0) checkToldBy(checked, [...path, part], part)
  checkCountries(checked, [...path, 'country'], words.country)
}

/** Somebody asks for this of clients: whether a database tells it. */
export function checkToldBy(checked: Checked, path: Path, part: GeoPart): void {
  const { geo } = checked.config
  if (TOLD_BY[part].some((kind) => geo?.[kind] !== undefined)) return
  const keys = TOLD_BY[part].map((kind) => `geo.${kind}`).join(' or ')
  checked.report({
    code: 'missing-key',
    path,
    found: `${part} without a database that tells it`,
    allowed: `it beside ${keys}, the path of a .mmdb file`,
    hint: `add ${checked.spelled({ geo: { [TOLD_BY[part][0]]: `./${part}.mmdb` } })} at the top level`,
  })
}

const INSTEAD: Readonly<Record<string, string>> = {
  UK: 'write GB',
  EU: 'that is a continent: write continent: EU',
}

function checkCountries(checked: Checked, path: Path, codes: readonly string[]): void {
  const isList = checked.written(path)?.is === 'list'
  for (const [place, code] of codes.entries()) {
    if (code === 'unknown' || isStandIn(code) || continentOf(code) !== null) continue
    const at = isList ? [...path, place] : path
    checked.report({
      code: 'wrong-value',
      path: at,
      found: `${checked.said(at, code)}, which is no country`,
      allowed: 'two capitals of ISO 3166, such as DE',
      hint: INSTEAD[code] ?? null,
    })
  }
}
