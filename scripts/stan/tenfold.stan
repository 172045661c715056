// The equations of model/README.md as a Stan program. Effects are sampled as standard normals,
// intercepts as they stand, like the NumPyro model of tests/reference/equations.py, against which
// scripts/benchmark.py checks this density before it times anything. Index 0 means: there is none.
data {
  int<lower=1, upper=4> form; // logistic, saturating, linear, power
  int n, n_series, n_cells, n_benchmarks, n_families, n_units, n_charts, n_thinking;
  int n_shifts, n_ratios, n_levels;
  vector[n] x, x_se, score, score_se, non_thinking; // points, those of a series side by side
  array[n] int series;
  array[n_series] int first, last, regime, cell, family, unit, chart;
  array[n_benchmarks] int thinking;
  vector[n_benchmarks] floor_score;
  array[n_cells] int cell_benchmark, cell_regime;
  vector[n_charts] chart_scale_se;
  vector[n_shifts] rl_ooms, rl_ooms_se, shift_ooms, shift_ooms_se;
  vector[n_ratios] log_ratio, log_ratio_se;
  vector[n_levels] log10_flop, log10_flop_se;
  // hyperparameters in the order of data/priors.toml
  vector[2] prior_log_slope_mean, prior_unit_offset, prior_intercept_mean;
  vector[2] prior_thinking_shift_mean, prior_ceiling_mean, prior_lambda;
  vector[2] prior_log_inference_per_training_mean, prior_gpt_level_mean;
  vector[3] prior_nu;
  real prior_benchmark_sd, prior_cell_sd, prior_family_sd, prior_series_sd;
  real prior_intercept_cell_sd, prior_intercept_sd, prior_thinking_shift_sd, prior_ceiling_sd;
  real prior_sigma, prior_inference_per_training_sd, prior_gpt_level_sd;
}
transformed data {
  int ceilings = form == 2;
  vector[n_series] count;
  array[n_series] int benchmark = cell_benchmark[cell];
  vector[n] headroom = 1 - floor_score[benchmark[series]];
  array[n] int thinking1, chart1;
  array[n_series] int unit1;
  matrix[n_levels - 1, n_levels] difference = rep_matrix(0, n_levels - 1, n_levels);
  for (s in 1 : n_series) {
    count[s] = last[s] - first[s] + 1;
    unit1[s] = unit[s] + 1;
  }
  for (i in 1 : n) {
    thinking1[i] = thinking[benchmark[series[i]]] + 1;
    chart1[i] = chart[series[i]] + 1;
  }
  for (j in 1 : n_levels - 1) {
    difference[j, j] = -1;
    difference[j, j + 1] = 1;
  }
  vector[n_levels - 1] steps = difference * log10_flop;
  matrix[n_levels - 1, n_levels - 1] step_error
    = difference * diag_matrix(square(log10_flop_se)) * difference';
}
parameters {
  vector[2] log_slope_mean;
  vector[n_units] unit_offset;
  real<lower=0> benchmark_sd, cell_sd, family_sd, series_sd;
  vector[n_benchmarks] benchmark_z;
  vector[n_cells] cell_z;
  vector[n_families] family_z;
  vector[n_series] series_z;
  vector[2] intercept_mean;
  real<lower=0> intercept_cell_sd, intercept_sd;
  vector[n_cells] intercept_cell_z;
  vector[n_series] intercept;
  vector[n_charts] log_kappa;
  real thinking_shift_mean;
  real<lower=0> thinking_shift_sd;
  vector[n_thinking] thinking_z;
  vector[2 * ceilings] ceiling_mean;
  vector<lower=0>[ceilings] ceiling_sd;
  vector[n_cells * ceilings] ceiling_z;
  real<lower=0, upper=1> lambda;
  vector<lower=0>[2] sigma;
  real<lower=prior_nu[3]> nu;
  vector[n_shifts] shift_z;
  real log_inference_per_training_mean;
  real<lower=0> inference_per_training_sd;
  real gpt_level_mean;
  real<lower=0> gpt_level_sd;
}
transformed parameters {
  vector[n_series] log_slope = log_slope_mean[regime] + append_row(0, unit_offset)[unit1]
                               + benchmark_sd * benchmark_z[benchmark] + cell_sd * cell_z[cell]
                               + family_sd * family_z[family] + series_sd * series_z;
  real exchange_rate = exp(log_slope_mean[2] - log_slope_mean[1]);
  vector[n_cells * ceilings] ceiling_logit;
  if (ceilings) {
    ceiling_logit = ceiling_mean[cell_regime] + ceiling_sd[1] * ceiling_z;
  }
}
model {
  log_slope_mean ~ normal(prior_log_slope_mean[1], prior_log_slope_mean[2]);
  unit_offset ~ normal(prior_unit_offset[1], prior_unit_offset[2]);
  benchmark_sd ~ normal(0, prior_benchmark_sd);
  cell_sd ~ normal(0, prior_cell_sd);
  family_sd ~ normal(0, prior_family_sd);
  series_sd ~ normal(0, prior_series_sd);
  intercept_mean ~ normal(prior_intercept_mean[1], prior_intercept_mean[2]);
  intercept_cell_sd ~ normal(0, prior_intercept_cell_sd);
  intercept_sd ~ normal(0, prior_intercept_sd);
  thinking_shift_mean ~ normal(prior_thinking_shift_mean[1], prior_thinking_shift_mean[2]);
  thinking_shift_sd ~ normal(0, prior_thinking_shift_sd);
  lambda ~ beta(prior_lambda[1], prior_lambda[2]);
  sigma ~ normal(0, prior_sigma);
  nu - prior_nu[3] ~ gamma(prior_nu[1], prior_nu[2]);
  benchmark_z ~ std_normal();
  cell_z ~ std_normal();
  family_z ~ std_normal();
  series_z ~ std_normal();
  intercept_cell_z ~ std_normal();
  thinking_z ~ std_normal();
  shift_z ~ std_normal();
  log_kappa ~ normal(0, chart_scale_se);
  intercept ~ normal(intercept_mean[regime] + intercept_cell_sd * intercept_cell_z[cell],
                     intercept_sd);

  // points
  vector[n] reach = headroom;
  if (ceilings) {
    ceiling_mean ~ normal(prior_ceiling_mean[1], prior_ceiling_mean[2]);
    ceiling_sd ~ normal(0, prior_ceiling_sd);
    ceiling_z ~ std_normal();
    reach = headroom .* inv_logit(ceiling_logit)[cell[series]];
  }
  vector[n_thinking] shift = thinking_shift_mean + thinking_shift_sd * thinking_z;
  vector[n] slope = exp(log_slope)[series];
  vector[n] eta = intercept[series] + append_row(1, exp(log_kappa))[chart1] .* slope .* x
                  - append_row(0, shift)[thinking1] .* non_thinking;
  vector[n] share;
  vector[n] gradient;
  if (form <= 2) {
    share = inv_logit(eta);
    gradient = share .* (1 - share);
  } else if (form == 3) {
    share = 0.5 + eta / 4;
    gradient = rep_vector(0.25, n);
  } else {
    gradient = exp(-eta / 2) / 4;
    share = 1 - 2 * gradient;
  }
  vector[n] variance = square(lambda * score_se) + square(sigma[regime[series]])
                       + square(reach .* gradient .* slope .* x_se);
  vector[n] squares = square(score - (1 - headroom) - reach .* share) ./ variance;
  vector[n_series] q;
  for (s in 1 : n_series) {
    q[s] = sum(squares[first[s] : last[s]]);
  }
  vector[n_series] half = (nu + count) / 2;
  target += sum(lgamma(half)) - n_series * lgamma(nu / 2) - n / 2.0 * log(nu)
            - dot_product(half, log1p(q / nu)) - sum(log(variance)) / 2;

  // generation shifts, training for inference, the GPT ladder
  vector[n_shifts] rate = exchange_rate * exp(sqrt2() * cell_sd * shift_z);
  shift_ooms ~ normal(rl_ooms ./ rate, sqrt(square(shift_ooms_se) + square(rl_ooms_se ./ rate)));
  log_inference_per_training_mean ~ normal(prior_log_inference_per_training_mean[1],
                                           prior_log_inference_per_training_mean[2]);
  inference_per_training_sd ~ normal(0, prior_inference_per_training_sd);
  log_ratio ~ normal(log_inference_per_training_mean,
                     sqrt(square(inference_per_training_sd) + square(log_ratio_se)));
  gpt_level_mean ~ normal(prior_gpt_level_mean[1], prior_gpt_level_mean[2]);
  gpt_level_sd ~ normal(0, prior_gpt_level_sd);
  steps ~ multi_normal(rep_vector(gpt_level_mean, n_levels - 1),
                       add_diag(step_error, square(gpt_level_sd)));
}
