import { z } from 'zod';
import type { Manifest } from '../manifest.ts';
import type { ModelList } from '../wire.ts';
import type { Same } from './same.ts';

/** What a deployment says of its models, as schemas. */

const precision = z.enum(['int8', 'fp16', 'fp32']);
export const manifest = z
  .object({
    name: z.string(),
    version: z.string(),
    description: z.string(),
    input: z.object({ width: z.int(), height: z.int() }),
    classes: z.array(z.string()),
    classIds: z.array(z.string()).optional(),
    classNames: z.enum(['hungarian', 'person', 'numbered']),
    embedding: z.object({ dimensions: z.int() }),
    files: z.array(
      z.object({
        file: z.string(),
        precision,
        bytes: z.int(),
        sha256: z.string(),
        metrics: z.record(z.string(), z.number()),
      }),
    ),
    golden: z.object({
      input: z.string(),
      outputs: z.partialRecord(
        precision,
        z.object({ probabilities: z.array(z.number()), embedding: z.array(z.number()) }),
      ),
    }),
    confidence: z
      .object({
        temperature: z.number(),
        ece: z.number().optional(),
        eceBefore: z.number().optional(),
        unknown: z
          .object({
            by: z.enum(['score', 'nearest']).optional(),
            score: z.number(),
            similarity: z.number().optional(),
            keeps: z.number(),
            refuses: z.number(),
            aurocScore: z.number(),
            aurocNearest: z.number(),
          })
          .optional(),
      })
      .optional(),
    gallery: z
      .object({
        file: z.string(),
        count: z.int(),
        bytes: z.int(),
        sha256: z.string(),
        metrics: z.record(z.string(), z.number()),
      })
      .optional(),
    training: z.object({
      method: z.string(),
      recipe: z.record(z.string(), z.unknown()),
      seed: z.int(),
      data: z.string(),
      images: z.int(),
      init: z
        .object({ model: z.string(), version: z.string(), multiplyAccumulates: z.number().optional() })
        .optional(),
      epochs: z.int(),
      stages: z.record(z.string(), z.int()).optional(),
      teacher: z.object({ depth: z.int(), width: z.int() }).optional(),
      multiplyAccumulates: z.number().optional(),
      seconds: z.number(),
      coreHours: z.number().optional(),
      device: z.string(),
    }),
    license: z.string(),
  })
  .meta({ id: 'Manifest', description: 'Name, files, metrics and training of a model' });

export const modelList = z
  .object({ default: z.string(), models: z.array(manifest) })
  .meta({ id: 'ModelList' });

const schemasMatch: [Same<z.infer<typeof manifest>, Manifest>, Same<z.infer<typeof modelList>, ModelList>] = [
  true,
  true,
];
void schemasMatch;
