/** Class names of the models in this folder. Written by the export script; not to be edited. */
export interface ModelLabels {
  cifar10: 'airplane' | 'automobile' | 'bird' | 'cat' | 'deer' | 'dog' | 'frog' | 'horse' | 'ship' | 'truck';
}
