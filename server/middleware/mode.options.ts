// What every middleware that refuses something has among its options.
import { Words } from '../lib/kinds.ts'

export type Mode = 'enforce' | 'shadow' | 'off'

export const ModeOption = Words(['enforce', 'shadow', 'off'], {
  default: 'enforce',
  description:
    'enforce: refuses. shadow: decides, counts (lb_shadow_refusals_total), says so in the access log ("shadow"), and lets pass. off: is not there.',
  said: { 'dry-run': 'write shadow', dry_run: 'write shadow', monitor: 'write shadow', on: 'write enforce' },
})
