// The training calls the check by this path.
import './build/verify.ts';
