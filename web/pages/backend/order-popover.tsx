// What a person orders of a server: which state, why, until when, and what would come of it, told before it
// is pressed.
import { count } from '../../data/say.ts'
import { Button, type ButtonProps } from '../../parts/button.tsx'
import { Segmented } from '../../parts/choices.tsx'
import { classes } from '../../parts/classes.ts'
import { NumberField, SelectField, SwitchField, TextField } from '../../parts/controls.tsx'
import { Field } from '../../parts/field.tsx'
import { Note } from '../../parts/messages.tsx'
import { Popover } from '../../parts/popover.tsx'
import { whyNotAllowed } from '../../parts/rights.ts'
import { Shape, type State, Tag } from '../../parts/status.tsx'
import { type Choice, type Ordering, useOrdering } from './ordering.ts'
import css from './order-popover.module.css'
import type { Consequence, Scene } from './order-words.ts'
import { msOf, type Until, untilLabel, UNTILS } from './untils.ts'

export interface OrderPopoverProps {
  readonly scene: Scene
  /** Ids of the servers that it is for. */
  readonly servers: readonly string[]
  /** What it begins with. */
  readonly choice: Choice
  readonly button: Pick<ButtonProps, 'kind' | 'size' | 'label' | 'disabledWhy' | 'isWhyHidden'> & {
    readonly words: string
  }
  readonly onDone?: () => void
  readonly isOpenAtFirst?: boolean
}

export function OrderPopover(props: OrderPopoverProps) {
  const { scene, servers, choice, button, onDone, isOpenAtFirst = false } = props
  const { words, ...look } = button
  const who = servers.length === 1 ? (servers[0] ?? '') : count(servers.length, 'server')
  return (
    <Popover
      isWide
      isOpenAtFirst={isOpenAtFirst && whyNotAllowed('operator') === null}
      label={`State of ${who}`}
      anchor={(opener) => (
        <Button size="sm" icon="down" isIconLast needs="operator" {...look} {...opener}>
          {words}
        </Button>
      )}
    >
      {(close) => (
        <OrderForm
          {...{ scene, servers, choice, who }}
          onClose={close}
          onDone={() => {
            onDone?.()
            close()
          }}
        />
      )}
    </Popover>
  )
}

interface FormProps {
  readonly scene: Scene
  readonly servers: readonly string[]
  readonly choice: Choice
  readonly who: string
  readonly onClose: () => void
  readonly onDone: () => void
}

function OrderForm({ scene, servers, choice: first, who, onClose, onDone }: FormProps) {
  const ordering = useOrdering({ scene, servers, choice: first, onDone })
  const { choice, typed, told, problem, warnings } = ordering
  const own = servers.length === 1 ? scene.rows.find(({ id }) => id === servers[0]) : undefined
  return (
    <form
      class={css.form}
      onSubmit={(event) => {
        event.preventDefault()
        void ordering.act()
      }}
    >
      <Segmented
        label="State"
        value={choice.value}
        onPick={(next) => (choice.value = next)}
        options={CHOICES}
      />
      <Fields ordering={ordering} configured={own?.weight ?? null} />
      <Outcome {...told} />
      {told.takesLast && (
        <Field label={`Type ${scene.backend} to take the last one out`}>
          <TextField value={typed.value} onInput={(next) => (typed.value = next)} />
        </Field>
      )}
      {problem.value !== null && (
        <Note state="down" title={problem.value.title} isUrgent>
          {problem.value.detail}
        </Note>
      )}
      {warnings.value.map((words) => (
        <Note key={words} state="warn" title="It is done" isUrgent>
          {words}
        </Note>
      ))}
      <Foot {...{ ordering, who, servers, onClose, onDone }} />
    </form>
  )
}

function Fields({
  ordering,
  configured,
}: {
  readonly ordering: Ordering
  readonly configured: number | null
}) {
  const { choice, reason, until, lasting, weight, endsConnections, isOut } = ordering
  const isOdd = lasting.value !== '' && msOf(lasting.value) === null
  const help =
    configured === null ? 'Empty: that of the file.' : `In the file ${configured}. Empty: that one again.`
  return (
    <>
      {choice.value === 'weight' && (
        <Field label="Weight" help={help}>
          <NumberField value={weight.value} least={0} most={1000} onInput={(next) => (weight.value = next)} />
        </Field>
      )}
      {choice.value !== 'ready' && (
        <div class={css.pair}>
          <Field label="Reason">
            <TextField
              value={reason.value}
              placeholder="for whoever sees it"
              onInput={(next) => (reason.value = next)}
            />
          </Field>
          <Field label="Until">
            <SelectField
              value={until.value}
              options={UNTILS.map((value) => ({ value, label: untilLabel(value) }))}
              onInput={(next) => (until.value = next as Until)}
            />
          </Field>
        </div>
      )}
      {until.value === 'custom' && choice.value !== 'ready' && (
        <Field
          label="For"
          help="Such as 90m, 6h or 2d."
          error={isOdd ? 'Write a number with m, h or d.' : null}
        >
          <TextField value={lasting.value} onInput={(next) => (lasting.value = next)} />
        </Field>
      )}
      {isOut && (
        <SwitchField
          value={endsConnections.value}
          words="End what is under way at once"
          onInput={(next) => (endsConnections.value = next)}
        />
      )}
    </>
  )
}

const VERBS: Readonly<Record<Choice, readonly [string, string]>> = {
  ready: ['Make ready', 'Making ready'],
  drain: ['Drain', 'Draining'],
  maintenance: ['Maintenance for', 'Taking out'],
  weight: ['Set weight of', 'Setting weight of'],
}

interface FootProps extends Pick<FormProps, 'who' | 'servers' | 'onClose' | 'onDone'> {
  readonly ordering: Ordering
}

function Foot({ ordering, who, servers, onClose, onDone }: FootProps) {
  const { choice, done, told, why, warnings } = ordering
  const [verb, doing] = VERBS[choice.value]
  const busy = servers.length === 1 ? who : `${(done.value ?? 0) + 1} of ${servers.length}`
  return (
    <div class={css.foot}>
      <Tag isLive title="The file does not change; it holds over reloads and restarts">
        run time only
      </Tag>
      <span class={css.push} />
      {warnings.value.length > 0 ? (
        <Button onPress={onDone}>Close</Button>
      ) : (
        <>
          <Button kind="quiet" onPress={onClose}>
            Cancel
          </Button>
          <Button
            kind={told.takesLast ? 'danger' : 'ink'}
            type="submit"
            needs="operator"
            isBusy={done.value !== null}
            busyWord={`${doing} ${busy}`}
            disabledWhy={why}
            isWhyHidden
          >
            {verb} {who}
          </Button>
        </>
      )}
    </div>
  )
}

const CHOICES = (
  [
    ['ready', 'Ready', 'up'],
    ['drain', 'Drain', 'drain'],
    ['maintenance', 'Maintenance', 'maint'],
    ['weight', 'Weight', null],
  ] as const
).map(([value, label, state]) => ({ value, label: <Choosing label={label} state={state} /> }))

function Choosing({ label, state }: { readonly label: string; readonly state: State | null }) {
  return (
    <span class={css.choice}>
      {state !== null && <Shape state={state} size={10} />}
      {label}
    </span>
  )
}

/** What would come of it: on its own ground where it matters. */
export function Outcome({ tone, words }: Pick<Consequence, 'tone' | 'words'>) {
  return (
    <p class={classes(css.outcome, tone !== 'plain' && css[tone])} aria-live="polite">
      {tone !== 'plain' && <Shape state={tone} />}
      <span>{words}</span>
    </p>
  )
}
