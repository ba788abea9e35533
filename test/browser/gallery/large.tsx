// Parts that fill a panel: lists, charts, forms.
import { useState } from 'preact/hooks'
import { Chart } from '../../../web/parts/chart.tsx'
import { FilterBox } from '../../../web/parts/choices.tsx'
import {
  AreaField,
  ListField,
  NumberField,
  SelectField,
  SwitchField,
  TextField,
} from '../../../web/parts/controls.tsx'
import { Diff } from '../../../web/parts/diff.tsx'
import { Field } from '../../../web/parts/field.tsx'
import { Figure, Figures } from '../../../web/parts/figures.tsx'
import { Lifetime, Spark, Split, Timeline } from '../../../web/parts/graphics.tsx'
import { Button } from '../../../web/parts/button.tsx'
import { Beside, Drawer } from '../../../web/parts/overlays.tsx'
import { Panel } from '../../../web/parts/panel.tsx'
import { type Fields, merged } from '../../../web/parts/schema-fields.ts'
import { SchemaForm } from '../../../web/parts/schema-form.tsx'
import { type State, Status } from '../../../web/parts/status.tsx'
import { type Column, SecondLine, Table } from '../../../web/parts/table.tsx'
import css from './gallery.module.css'

interface Server {
  readonly name: string
  readonly address: string
  readonly state: State
  readonly rate: number
  readonly p95: number
}

const serversOf = (count: number): Server[] =>
  Array.from({ length: count }, (_, at) => ({
    name: `api-${at + 1}`,
    address: `192.0.2.${(at % 250) + 1}:8080`,
    state: at === 1 ? 'down' : at === 3 ? 'drain' : 'up',
    rate: (at * 7919) % 1400,
    p95: 20 + ((at * 31) % 90),
  }))

const WORDS: Readonly<Record<string, string>> = { up: 'Up', down: 'Down', drain: 'Draining' }

const COLUMNS: readonly Column<Server>[] = [
  {
    key: 'name',
    head: 'Server',
    sort: ({ name }) => name,
    text: ({ name, address }) => `${name} ${address}`,
    cell: ({ name, address }) => (
      <span>
        <span class="name">{name}</span>
        <SecondLine isMono>{address}</SecondLine>
      </span>
    ),
  },
  {
    key: 'state',
    head: 'State',
    sort: ({ state }) => state,
    cell: ({ state }) => <Status state={state} word={WORDS[state] ?? ''} />,
  },
  { key: 'rate', head: 'Req/s', isNumber: true, sort: ({ rate }) => rate, cell: ({ rate }) => rate },
  { key: 'p95', head: 'p95 ms', isNumber: true, sort: ({ p95 }) => p95, cell: ({ p95 }) => p95 },
  { key: 'do', head: '', onCard: 'action', cell: () => <Button size="sm">Drain</Button> },
]

const FEW = serversOf(5)
const MANY = serversOf(5000)

export function Lists() {
  const [open, setOpen] = useState<string | null>('api-4')
  const [filter, setFilter] = useState('')
  return (
    <>
      <Panel title="Servers" count={5} isFlush>
        <Table
          caption="Servers of api"
          columns={COLUMNS}
          rows={FEW}
          keyOf={({ name }) => name}
          rowHeight={48}
          sortBy={{ key: 'rate', isDown: true }}
          openKey={open}
          onOpen={({ name }) => setOpen(name)}
          isStale={({ name }) => name === 'api-5'}
        />
      </Panel>
      <Panel
        title="All servers"
        count="5,000"
        isFlush
        end={<FilterBox hint="Name or address" value={filter} onInput={setFilter} />}
      >
        <Table
          caption="All servers"
          columns={COLUMNS}
          rows={MANY}
          keyOf={({ name }) => name}
          rowHeight={48}
          filter={filter}
          onOpen={() => {}}
        />
      </Panel>
      <Beside
        drawer={
          open === 'api-1' && (
            <Drawer title="api-1" onClose={() => setOpen(null)} actions={<Button kind="ink">Save</Button>}>
              <p>What is known of it.</p>
            </Drawer>
          )
        }
      >
        <Panel title="Beside a drawer">
          <Button onPress={() => setOpen('api-1')}>Open api-1</Button>
        </Panel>
      </Beside>
    </>
  )
}

const wave = (at: number, around: number): number => around + 8 * Math.sin(at / 5) + (at % 3)
const TIMES = Array.from({ length: 60 }, (_, at) => 1_790_000_000 + at * 60)
const SERIES = ['api-1', 'api-4', 'api-3'].map((label, line) => ({
  label,
  values: TIMES.map((_, at) => (line === 1 && at > 30 ? 95 : wave(at, 60 - line * 20))),
}))
const MARKS = [{ at: 1_790_001_860, label: 'r128 applied' }]
const CELLS: State[] = TIMES.map((_, at) => (at > 40 ? 'down' : at > 34 ? 'warn' : at < 4 ? 'unk' : 'up'))
const DIFF = `@@ -33,3 +33,3 @@
   servers:
-    - { url: http://192.0.2.11:8080, weight: 3 }  # rack A
+    - { url: http://192.0.2.11:8080, weight: 5 }  # rack A
     - { url: http://192.0.2.12:8080, weight: 3 }`

export const Charts = () => (
  <>
    <Figures>
      <Figure
        label="Requests"
        context="last 15 min"
        value="1,204"
        unit="/s"
        spark={<Spark values={SERIES[0]?.values ?? []} label="Requests" />}
        meaning="as yesterday"
      />
      <Figure
        label="Errors"
        value="0.31"
        unit="%"
        spark={<Spark values={SERIES[1]?.values ?? []} tone="down" mark={0.5} label="Errors" />}
        meaning={<Status state="down" word="since 03:04" />}
      />
      <Figure label="p95" value="61" unit="ms" spark={<Spark values={[3, 4, null, 5, 8]} label="p95" />} />
    </Figures>
    <Timeline cells={CELLS} label="api-1, last hour: down for 19 minutes" />
    <Lifetime used={0.41} renewAt={0.67} />
    <Lifetime used={0.8} renewAt={0.67} />
    <Split
      parts={[
        { label: 'api', weight: 95 },
        { label: 'api-canary', weight: 5 },
      ]}
    />
    <Panel>
      <Chart label="Latency p95" unit="ms" times={TIMES} series={SERIES} marks={MARKS} />
    </Panel>
    <Panel title="sluice.yaml" isFlush>
      <Diff text={DIFF} />
    </Panel>
  </>
)

const SCHEMA = {
  type: 'object',
  properties: {
    algorithm: {
      enum: ['round_robin', 'least_connections'],
      default: 'round_robin',
      description: 'Who is next.',
    },
    weight: {
      type: 'integer',
      minimum: 0,
      maximum: 256,
      default: 1,
      unit: 'of 256',
      description: 'Its share.',
    },
    sticky: { type: 'boolean', default: false, description: 'Clients come back to the same server.' },
    hosts: { type: 'array', items: { type: 'string' }, description: 'Names it answers to.' },
    headers: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Added to each request.',
    },
    limit: {
      anyOf: [
        { type: 'string', format: 'size', title: 'Size' },
        { type: 'boolean', title: 'Switch' },
      ],
      description: 'The largest body.',
    },
    health_check: {
      type: 'object',
      description: 'Asks each server how it is.',
      properties: {
        interval: { type: 'string', format: 'duration', default: '10s', description: 'Between two checks.' },
        path: { type: 'string', default: '/', description: 'What it asks for.' },
      },
    },
    anything: { description: 'No control fits it.' },
  },
} as const

const CONFIGURED: Fields = {
  weight: 3,
  hosts: ['api.example.com'],
  headers: { 'x-from': 'edge' },
  limit: '10MiB',
  health_check: { interval: '10s' },
  anything: [1, [2]],
}

export function Forms() {
  const [value, setValue] = useState<Fields>({ ...CONFIGURED, weight: 5 })
  const [text, setText] = useState('192.0.2.11:80800')
  const [isOn, setOn] = useState(true)
  const [list, setList] = useState<readonly string[]>(['192.0.2.0/24'])
  return (
    <>
      <div class={css.two}>
        <Field label="Interval" right="default 10s" unit="each server" help="Pause between two checks.">
          <TextField isMono value="10s" onInput={() => {}} />
        </Field>
        <Field label="Address" error="Port 80800 does not exist; 1 to 65535. Did you mean 8080?">
          <TextField isMono value={text} onInput={setText} />
        </Field>
        <Field label="Weight" was="3" help="Violet: not running yet.">
          <NumberField value={5} onInput={() => {}} />
        </Field>
        <Field label="Algorithm">
          <SelectField options={['least_connections', 'random']} value="random" onInput={() => {}} />
        </Field>
        <Field label="Name" right="needs role editor">
          <TextField isDisabled value="api" onInput={() => {}} />
        </Field>
        <Field label="Sticky">
          <SwitchField value={isOn} onInput={setOn} />
        </Field>
        <Field label="Addresses" isGroup>
          <ListField item="address" value={list} onInput={setList} />
        </Field>
        <Field label="Certificate">
          <AreaField isMono value="-----BEGIN CERTIFICATE-----" onInput={() => {}} />
        </Field>
      </div>
      <Panel title="Made of a schema">
        <SchemaForm
          schema={SCHEMA}
          value={value}
          was={CONFIGURED}
          errors={{ '/health_check/path': 'Begins with a slash' }}
          onPatch={(patch) => setValue(merged(value, patch) as Fields)}
        />
      </Panel>
    </>
  )
}
