import { Type, type Static } from '@sinclair/typebox'
import { Cidr } from '../lib/kinds.ts'

export const IpOptions = Type.Object(
  {
    allow: Type.Array(Cidr({ description: 'A range.' }), {
      default: [],
      description: 'Only these clients pass. Empty: all.',
    }),
    deny: Type.Array(Cidr({ description: 'A range.' }), {
      default: [],
      description: 'These do not pass, even when allowed above.',
    }),
  },
  {
    description:
      'Lets clients in by address; others get 403, and so does one whose address cannot be read of what its proxy says.',
  },
)
export type IpConfig = Static<typeof IpOptions>
