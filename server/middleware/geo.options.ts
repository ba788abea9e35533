import { Type, type Static } from '@sinclair/typebox'
import type { Where } from '../config/where.ts'
import { AsNumber, ContinentCode, CountryCode } from '../geo/geo.options.ts'
import { OneOrMore } from '../lib/kinds.ts'
import { ModeOption } from './mode.options.ts'

const Places = (description: string) =>
  Type.Object(
    {
      country: OneOrMore(CountryCode, 'Countries.'),
      continent: OneOrMore(ContinentCode, 'Continents.'),
      asn: OneOrMore(AsNumber, 'Networks (AS), by their numbers.'),
    },
    {
      default: {},
      description,
      also: { countries: 'country', continents: 'continent', as: 'asn', asns: 'asn' },
    },
  )

export const GeoStepOptions = Type.Object(
  {
    mode: ModeOption,
    allow: Places('Only clients of one of these pass. Empty: all.'),
    deny: Places('Clients of one of these do not pass, even when allowed above.'),
  },
  {
    description:
      'Lets clients in by where their address is, as the databases of geo tell; others get 403, and so does one whose address cannot be read of what its proxy says. Where a database knows no country, that is unknown.',
    also: { block: 'deny', allow_list: 'allow', deny_list: 'deny' },
    lacks: {
      country: 'write it below allow or deny',
      continent: 'write it below allow or deny',
      asn: 'write it below allow or deny',
    },
  },
)
export type GeoStepConfig = Static<typeof GeoStepOptions>
export type GeoPlaces = GeoStepConfig['allow']

export function checkGeoWords({ allow, deny }: GeoStepConfig, where: Where): void {
  if (namesSome(allow) || namesSome(deny)) return
  // Not when something is wrong with what was written there.
  if (where.kindOf([]) !== 'map' || where.kindOf(['allow']) !== null || where.kindOf(['deny']) !== null)
    return
  where.report([], {
    code: 'missing-key',
    found: 'neither allow nor deny',
    allowed: 'countries, continents or networks in at least one of them',
    hint: 'remove the step to let everybody in',
  })
}

const namesSome = ({ country, continent, asn }: GeoPlaces): boolean =>
  country.length + continent.length + asn.length > 0
