// One operation: what it takes, what it answers, and the form that tries it.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Icon } from '../../../parts/icon.tsx'
import { Panel } from '../../../parts/panel.tsx'
import { Tag } from '../../../parts/status.tsx'
import css from './api-docs.module.css'
import { type OpenApi, type Operation, typeWords } from './openapi.ts'
import { SchemaTree } from './schema-tree.tsx'
import { TryIt } from './try-it.tsx'

export interface OperationProps {
  readonly document: OpenApi
  readonly operation: Operation
  /** To the list, where both have no room beside each other. */
  readonly backHref: string
}

export function OperationPart({ document, operation, backHref }: OperationProps) {
  const { method, path, summary, role, needsStepUp, parameters, body, answers } = operation
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <div class={css.one}>
      <Panel>
        <div class={css.head}>
          <a class={css.back} href={backHref}>
            <Icon name="left" size={12} /> All paths
          </a>
          <h2 ref={heading} tabIndex={-1} class={css.title}>
            <span class={css.method}>{method}</span> <code>{path}</code>
          </h2>
          <p>{summary}.</p>
          <div class="row">
            <Tag>{role === null ? 'no credential' : `role ${role}`}</Tag>
            {needsStepUp && <Tag>password once more</Tag>}
            {parameters.some(({ name }) => name === 'dry_run') && <Tag>can be tried dry</Tag>}
          </div>
        </div>
        <Group title="Parameters" isShown={parameters.length > 0}>
          <Parameters parameters={parameters} />
        </Group>
        <Group title={`Body, ${body?.type ?? ''}`} isShown={body !== null}>
          {body !== null && <SchemaTree document={document} schema={body.schema} />}
        </Group>
        <Answers document={document} answers={answers} />
      </Panel>
      <TryIt document={document} operation={operation} />
    </div>
  )
}

/** What is asked for stands open; all the ways to be refused behind one line. */
function Answers({ document, answers }: Pick<Operation, 'answers'> & { readonly document: OpenApi }) {
  const refusals = answers.filter(({ status }) => status >= '400')
  return (
    <Group title="Answers" isShown>
      {answers.map(
        ({ status, description, type, schema }) =>
          status < '400' && (
            <div key={status} class={css.answer}>
              <p>
                <code>{status}</code> {description}
              </p>
              {schema !== null ? (
                <SchemaTree document={document} schema={schema} isAnswer />
              ) : (
                <p class="supporting">{status === '204' ? 'No body.' : type}</p>
              )}
            </div>
          ),
      )}
      {refusals.length > 0 && (
        <details class={css.refusals}>
          <summary>Refused as a problem document: {refusals.map(({ status }) => status).join(', ')}</summary>
          <dl>
            {refusals.map(({ status, description }) => (
              <div key={status}>
                <dt>
                  <code>{status}</code>
                </dt>
                <dd>{description.replaceAll('; ', ' · ')}</dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </Group>
  )
}

interface GroupProps {
  readonly title: string
  readonly isShown: boolean
  readonly children: ComponentChildren
}

const Group = ({ title, isShown, children }: GroupProps) =>
  isShown ? (
    <section class={css.group}>
      <h3>{title}</h3>
      {children}
    </section>
  ) : null

function Parameters({ parameters }: Pick<Operation, 'parameters'>) {
  return (
    <ul class={css.tree}>
      {parameters.map(({ name, in: place, required, schema = {}, description }) => (
        <li key={`${place} ${name}`}>
          <div class={css.member}>
            <code>{name}</code>
            <span class={css.type}>
              {place}, {typeWords(schema)}
            </span>
            {required === true && <span class={css.required}>required</span>}
          </div>
          <p class={css.about}>
            {description ?? schema.description}{' '}
            {schema.allowed !== undefined && `Allowed: ${schema.allowed}.`}
          </p>
        </li>
      ))}
    </ul>
  )
}
