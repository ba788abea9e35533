// What runs here: for everybody in short, for admins with all that helps to find out what is wrong.
import type { Diagnostics } from '../../data/api-types.ts'
import type { AnswerOf } from '../../data/api.ts'
import { gatewayNow } from '../../data/clock.ts'
import { refreshHeld, useHeld } from '../../data/held.ts'
import { bytes, count, longAge, number } from '../../data/say.ts'
import { can } from '../../data/session.ts'
import { API_BASE } from '../../data/urls.ts'
import { Button } from '../../parts/button.tsx'
import { Loading } from '../../parts/empty.tsx'
import { Note } from '../../parts/messages.tsx'
import { Panel } from '../../parts/panel.tsx'
import { type Column, Table } from '../../parts/table.tsx'
import { Time } from '../../parts/time.tsx'
import { Copy } from '../../parts/words.tsx'
import css from './settings.module.css'
import { Unread } from './use-doing.tsx'

export function DiagnosticsPart() {
  return (
    <>
      <InShort />
      {can('administer') ? (
        <InFull />
      ) : (
        <Note title="Processes, machine and the document to hand on are for admins">
          Whoever asks for help needs them: an admin finds them here, and <code>sluice diagnostics</code> on
          the machine of the gateway makes the same.
        </Note>
      )}
    </>
  )
}

function InShort() {
  const { value, problem } = useHeld(
    'GET /api/v1/status',
    {},
    { topics: ['worker', 'config'], everyMs: 15_000 },
  ).value
  if (value === null)
    return <Panel title="This gateway">{problem === null ? <Loading /> : <Unread problem={problem} />}</Panel>
  return (
    <Panel title="This gateway">
      <dl class={css.facts}>
        <dt>Version</dt>
        <dd>
          <b>{value.version}</b> · commit <code>{value.commit}</code>{' '}
          <Copy text={`Sluice ${value.version} (${value.commit}), Bun ${value.bun}`} label="the version" />
        </dd>
        <dt>Runs on</dt>
        <dd>Bun {value.bun}</dd>
        <dt>Up</dt>
        <dd>
          {longAge((gatewayNow() - Date.parse(value.started)) / 1000)}, since <Time at={value.started} />
        </dd>
        <dt>Workers</dt>
        <dd>
          {value.workers.serving} of {count(value.workers.wanted, 'worker')} serving
        </dd>
        <dt>Admin listener</dt>
        <dd>
          <code>{value.admin ?? 'none'}</code>
        </dd>
      </dl>
    </Panel>
  )
}

function InFull() {
  const { value, problem } = useHeld('GET /api/v1/diagnostics', {}).value
  if (value === null)
    return (
      <Panel title="Processes">
        {problem === null ? <Loading lines={6} /> : <Unread problem={problem} />}
      </Panel>
    )
  const read = (
    <>
      <span class="quiet">
        read <Time at={value.made} />
      </span>
      <Button size="sm" icon="refresh" onPress={() => refreshHeld((url) => url.endsWith('/diagnostics'))}>
        Read again
      </Button>
    </>
  )
  return (
    <>
      <Panel isFlush title="Processes" count={number(value.processes.length)} end={read}>
        <Table
          columns={COLUMNS}
          rows={value.processes}
          keyOf={({ pid }) => String(pid)}
          caption="Processes"
        />
      </Panel>
      <div class={css.pair}>
        <Machine of={value} />
        <Panel title="To hand on">
          <div class={css.form}>
            <p class="supporting">
              One document: version, machine, processes, the config as it takes effect, health, metrics and
              the last events. Secrets are hidden; names and addresses are not: look through it first.
            </p>
            <div class="row">
              <Button kind="ink" icon="download" href={`${API_BASE}api/v1/diagnostics`}>
                Download the document
              </Button>
            </div>
          </div>
        </Panel>
      </div>
    </>
  )
}

type Process = AnswerOf<'GET /api/v1/diagnostics'>['processes'][number]

const COLUMNS: readonly Column<Process>[] = [
  { key: 'role', head: 'Process', cell: ({ role, slot }) => (slot === undefined ? role : `${role} ${slot}`) },
  { key: 'pid', head: 'PID', isNumber: true, cell: ({ pid }) => <code>{pid}</code> },
  {
    key: 'cpu',
    head: 'CPU used',
    isNumber: true,
    cell: ({ cpu_s: s }) => (s === null ? '–' : `${number(s)} s`),
  },
  { key: 'memory', head: 'Memory', isNumber: true, cell: ({ resident_bytes: size }) => bytes(size) },
  { key: 'threads', head: 'Threads', isNumber: true, cell: ({ threads }) => number(threads) },
  {
    ...{ key: 'files', head: 'Descriptors', isNumber: true },
    cell: ({ descriptors, descriptors_max: most }) =>
      `${number(descriptors)}${most === null ? '' : ` of ${number(most)}`}`,
  },
]

function Machine({ of: { machine, gateway, health } }: { readonly of: Diagnostics }) {
  const { sockets } = health as {
    readonly sockets?: { readonly kind?: string; readonly why?: string | null }
  }
  return (
    <Panel title="Machine">
      <dl class={css.facts}>
        <dt>System</dt>
        <dd>
          {machine.distribution ?? 'Linux'}, kernel {machine.release}, {machine.arch}
        </dd>
        <dt>Processors</dt>
        <dd>
          {machine.usable_cpus} of {machine.cpus} usable{machine.cpu !== null && `, ${machine.cpu}`}; load{' '}
          {machine.load.map((one) => one.toFixed(2)).join(' · ')}
        </dd>
        <dt>Memory</dt>
        <dd>
          {bytes(machine.memory_free_bytes)} of {bytes(machine.memory_bytes)} free
        </dd>
        {sockets?.kind !== undefined && (
          <>
            <dt>Sockets</dt>
            <dd>
              {sockets.kind}
              {typeof sockets.why === 'string' && `: ${sockets.why}`}
            </dd>
          </>
        )}
        <dt>Config file</dt>
        <dd>
          <code>{gateway.file}</code>
        </dd>
        <dt>Executable</dt>
        <dd>
          <code>{gateway.executable}</code>
        </dd>
      </dl>
    </Panel>
  )
}
