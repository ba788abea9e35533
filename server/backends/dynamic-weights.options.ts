import { Type, type Static } from '@sinclair/typebox'
import { Words } from '../lib/kinds.ts'

export const DynamicWeightsOptions = Type.Object(
  {
    mode: Words(['enforce', 'shadow', 'off'], {
      default: 'enforce',
      description:
        'enforce: servers get work by these weights. shadow: they are only reckoned and shown. off: is not there.',
      said: {
        'dry-run': 'write shadow',
        dry_run: 'write shadow',
        monitor: 'write shadow',
        on: 'write enforce',
      },
    }),
    least: Type.Number({
      default: 0.25,
      minimum: 0.01,
      maximum: 1,
      description: 'The smallest share of its weight that a server gets, however slow or failing it is.',
    }),
    most: Type.Number({
      default: 2,
      minimum: 1,
      maximum: 10,
      description: 'The largest.',
    }),
  },
  {
    said: { true: 'write {}', yes: 'write {}', on: 'write {}' },
    description:
      'Weights follow how servers fare: the share of answers that are good, squared, by the time to their first byte, compared with the median of the backend, each second. One that a person has ordered stays. Left out: weights are those of the config.',
    also: { min: 'least', minimum: 'least', max: 'most', maximum: 'most' },
  },
)
export type DynamicWeightsConfig = Static<typeof DynamicWeightsOptions>
