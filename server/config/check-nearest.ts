// Regions of which the nearest to a client is where its requests go.
import type { NearestConfig, RegionConfig } from '../rules/nearest.options.ts'
import { checkFamily } from './check-family.ts'
import { checkWhere } from './check-geo.ts'
import type { Checked } from './checked.ts'
import type { Path } from './tree.ts'

export function checkNearest(
  checked: Checked,
  path: Path,
  regions: NearestConfig,
  listeners: readonly string[],
): void {
  const named = new Map<string, number>()
  for (const [place, region] of regions.entries()) {
    const here = [...path, place]
    checked.resolve('backend', region.backend, [...here, 'backend'])
    checkFamily(checked, [...here, 'backend'], region.backend, listeners)
    checkWhere(checked, here, { ...region, asn: [] })
    checkPlace(checked, here, region)
    for (const country of region.country) {
      const before = named.get(country)
      named.set(country, before ?? place)
      if (before === undefined || region.latitude !== undefined) continue
      checked.warn({
        code: 'unreachable',
        path: [...here, 'country'],
        found: `${country} a second time`,
        allowed:
          'each country in one region: this one is where its clients go only while the other has no server',
        hint: `nearest[${before}] names it as well`,
      })
    }
  }
  if (
    regions.length > 0 &&
    regions.every((one) => one.country.length + one.continent.length === 0 && one.latitude === undefined)
  )
    checked.report({
      code: 'missing-key',
      path,
      found: 'regions of which none says where it is',
      allowed: 'country, continent, or latitude and longitude of at least one',
    })
}

function checkPlace(checked: Checked, path: Path, { latitude, longitude }: RegionConfig): void {
  if (latitude === undefined && longitude === undefined) return
  if (latitude === undefined || longitude === undefined)
    return checked.report({
      code: 'missing-key',
      path,
      found: latitude === undefined ? '"longitude" alone' : '"latitude" alone',
      allowed: 'both',
    })
  if (checked.config.geo?.city !== undefined) return
  checked.report({
    code: 'missing-key',
    path: [...path, 'latitude'],
    found: 'coordinates without a database that tells those of clients',
    allowed: 'them beside geo.city, the path of a .mmdb file',
    hint: `add ${checked.spelled({ geo: { city: './city.mmdb' } })} at the top level, or name countries`,
  })
}
