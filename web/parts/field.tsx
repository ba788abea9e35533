// Fields of a form: label, what is written, help or the error in its place, and what it was.
import type { ComponentChildren } from 'preact'
import { useContext, useId } from 'preact/hooks'
import { createContext } from 'preact'
import { classes } from './classes.ts'
import css from './field.module.css'
import { Shape, Tag } from './status.tsx'

export interface FieldProps {
  readonly label: string
  /** At the right of the label: the default, or the role that it takes. */
  readonly right?: ComponentChildren
  readonly help?: ComponentChildren
  readonly error?: string | null | undefined
  /** Inside, at the right. */
  readonly unit?: string | undefined
  /** What is configured, where the draft says something else: the field is violet. */
  readonly was?: string | undefined
  /** Several controls: the label is that of their group. */
  readonly isGroup?: boolean | undefined
  readonly children: ComponentChildren
}

/** What a control must know of the field that it is in. */
export interface InField {
  readonly id: string | undefined
  readonly describedBy: string | undefined
  readonly isInvalid: boolean
  readonly isChanged: boolean
}

export const FieldContext = createContext<InField>({
  id: undefined,
  describedBy: undefined,
  isInvalid: false,
  isChanged: false,
})

export const useField = (): InField => useContext(FieldContext)

/** A field around one control (or, as a group, several). */
export function Field(props: FieldProps) {
  const { label, right, help, error, unit, was, isGroup = false, children } = props
  const id = useId()
  const isInvalid = error !== undefined && error !== null && error !== ''
  const hasHelp = isInvalid || (help !== undefined && help !== null)
  const inField: InField = {
    id: isGroup ? undefined : id,
    describedBy: hasHelp ? `${id}-help` : undefined,
    isInvalid,
    isChanged: was !== undefined,
  }
  const head = (
    <>
      <span>{label}</span>
      {was !== undefined && <Tag state="draft">was {was === '' ? 'not set' : was}</Tag>}
      {right !== undefined && right !== null && <span class={css.right}>{right}</span>}
    </>
  )
  return (
    <div
      class={css.field}
      role={isGroup ? 'group' : undefined}
      aria-labelledby={isGroup ? `${id}-label` : undefined}
      aria-describedby={isGroup ? inField.describedBy : undefined}
    >
      {isGroup ? (
        <div class={css.label} id={`${id}-label`}>
          {head}
        </div>
      ) : (
        <label class={css.label} for={id}>
          {head}
        </label>
      )}
      <FieldContext.Provider value={inField}>
        <div class={classes(css.control, unit !== undefined && css.hasUnit)}>
          {children}
          {unit !== undefined && <span class={css.unit}>{unit}</span>}
        </div>
      </FieldContext.Provider>
      {hasHelp && (
        <div class={classes(isInvalid ? css.error : css.help, 'prose')} id={`${id}-help`}>
          {isInvalid && <Shape state="down" size={10} />}
          <span>{isInvalid ? error : help}</span>
        </div>
      )}
    </div>
  )
}
