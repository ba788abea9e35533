// Metrics of passive health. Data only.
import { type MetricRow, counter, gauge } from './metric-row.ts'

export const PASSIVE_METRICS = {
  passive_health_out: gauge(
    'Whether passive health has taken a server out, or in shadow mode would have: 1 or 0. Servers of backends that have none are left out.',
    'backend',
    'server',
  ),
  passive_health_outs_total: counter(
    'How often passive health took a server out, by why (failures, faults_in_a_row, success_rate) and mode (in shadow it stays in).',
    'backend',
    'server',
    'rule',
    'mode',
  ),
  passive_health_held_total: counter(
    'How often a server stayed in as too many others of its backend were out (max_out), or no other was in use.',
    'backend',
    'server',
  ),
} as const satisfies Record<string, MetricRow>
