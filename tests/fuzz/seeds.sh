# Writes the seed corpus into folder $2, from the project at $1: the parser's byte (its place in the list of
# parsers.cpp), then a valid input.
set -euo pipefail
source=$1 corpus=$2
mkdir -p "$corpus"
seed() { { printf "$1"; cat; } >"$corpus/$2"; }
seed '\000' spec-nano <"$source/devices/specs/jetson-nano.json"
seed '\000' spec-orin <"$source/devices/specs/orin-nano-8gb.json"
seed '\001' scenario <"$source/experiments/scenarios/interleaved.json"
printf '{"schema": "wattline-scenario/1", "name": "s", "device": "orin-nx-16gb", "mode": "15W", "train": {"workload": "resnet18"}, "sensor": {"poll_hz": 10, "gain_error": 0.02, "samples": 64, "conversion_us": 332}, "duration_s": 5}' | seed '\001' scenario-sensor
seed '\002' experiment <"$source/experiments/fulcrum/small.json"
printf 'time_s\n0\n0.5\n0.5\n12.25\n' | seed '\003' arrivals
printf 'TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n' | seed '\004' azure
printf 'device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w,source\r\na,b,infer,16,4,1000,2000,3000,1.5,20,"x, ""y"""\r\na,b,train,1,4,1000,2000,3000,,,\r\n' | seed '\005' profiles
printf 'device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz\na,b,infer,16,4,1000,2000,3000\n' | seed '\006' requests
printf '{"schema": "wattline-model/1", "power_kind": "wall", "board_time": [{"name": "dram_fraction", "value": 1, "deviation": 1, "provenance": "prior", "prior": 1, "spread": 1, "low": 0.1, "high": 2}], "workloads": []}' | seed '\007' model
printf 'device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w,power_kind,flop,bytes\njetson-nano,resnet50,infer,1,4,1479000,921600,1600000,40,8,wall,,\njetson-nano,resnet50,infer,4,2,921600,614400,1600000,210,6,wall,,\njetson-nano,gemm,infer,1,4,1479000,921600,1600000,1,7,wall,1e9,1e7\n' | seed '\010' calibrated
printf 'model,cores,cpu_khz,gpu_hz,emc_hz,batch,time_ms,power_w,flops_per_minibatch,mem_bytes_per_minibatch,param_bytes\nlstm,12,2201600,1300500000,3199000000,1,1.2,29.4,129003520,35322336,30129152\n' | seed '\011' pagoda
printf 'power_mode,precision,model,batch,subgraph_id,op_type,fusion_pattern,flops,bytes,lat_mean_ms,lat_std_ms,lat_min_ms,samples\n15W,BF16,resnet18,4,0,conv2d,Conv2d_ReLU,33177600,2536960,4.6,0.4,4.0,50\n' | seed '\012' branes
printf 'device,model,batch_size,dvfs_mode,n_infer,duration_s,ep,p_wall_avg_w,energy_per_inf_j,watts_idle,watts_active,latency_ms_mean,latency_ms_p50,latency_ms_p95,latency_ms_p99,latency_ms_std,throughput_ips,temp_cpu_before_c,temp_cpu_after_c,temp_gpu_before_c,temp_gpu_after_c\njetson-nano,efficientnet-b4,1,0,233,45.0,TensorrtExecutionProvider,9.2,1.7,3.4,9.2,193.2,193.4,193.9,194.0,0.8,5.18,61,64.5,58.5,62.5\n' | seed '\013' single
printf 'device,dvfs_mode,label,nvpmodel,cpu_max_khz,gpu_max_hz,cpu_cur_khz,gpu_cur_hz\njetson-nano,0,MAXN,NV Power Mode: MAXN,1479000,921600000,1479000,921600000\n' | seed '\014' clocks
printf 'device,model,dvfs_mode,mode_label,load_frac,run_idx,target_rps,achieved_rps,n_requests,errors,duration_s,mean_ms,p50_ms,p95_ms,p99_ms,std_ms,warm_idle_median_w,serving_median_w,serving_avg_w,n_power_samples\njetson-nano,mobilenet-v2-050,0,MAXN,0.25,0,24.7,24.3,1462,0,60,13.4,12.3,20.5,27.4,3.2,3,3.9,3.9,113\n' | seed '\015' load
printf 'device,model,dvfs_mode,nvpmodel,cpu_max_khz,gpu_max_hz,rate_rps,achieved_rps,n_requests,errors,mean_ms,p50_ms,p95_ms,p99_ms,std_ms,capacity_ips\njetson-nano,mobilenet-v2-050,1,5W,921600,614400000,90,91,5483,0,2412,2397,3519,3746,650,64.7\n' | seed '\016' capacity
printf 'board,engine,swept_key,swept_value,batch,gpu_mhz,concurrency,inferences_per_s,client_send_us,network_us,server_queue_us,compute_input_us,compute_infer_us,compute_output_us,client_recv_us,p50_us,p90_us,p95_us,p99_us,n_power_samples,mean_wall_power_w\nagx,gpu,Batch Size,1,1,1377.0,1,192.8,161,515,37,211,4235,22,0,5136,5429,5542,6076,65,27\n' | seed '\017' triton
printf 'board,dtype,n,cublas_mode,gpu_mhz,flops_per_s,iterations,seconds,n_power_samples,mean_wall_power_w,max_wall_power_w\nAGX,float,64,tensor,114.75,4813962860.3,185079,19.9,21,10.7,10.9\n' | seed '\020' gemm
printf 'model,gpu_mhz,emc_mhz,fps,trtexec_latency_ms,p_gpu_mw,p_soc_mw,p_cpu_mw,p_ddr_mw,p_vdd_in_mw,emc_util_pct,n_power_samples\nvgg19,1032.75,1062.4,9.76,102.4,,,,,,,\n' | seed '\021' tx2-gpu
printf 'model,image_size,cores,cpu_khz,gpu_hz,emc_hz,inference_time_s\ninceptionv3,200x200,1,1113600,1300500000,1062400000,0.22\n' | seed '\022' tx2-cpu
printf 'round,submitter,system_name,framework,model,scenario,valid,samples_per_second,qps,samples_per_query,mean_latency_ms,p50_ms,p90_ms,p99_ms,avg_wall_power_W,energy_J,energy_per_query_mJ\nv0.7,NVIDIA,NVIDIA Jetson Xavier NX (TensorRT),TensorRT,resnet50,Offline,VALID,1301.2,,85800,33051,33057,59374,65315,,,\n' | seed '\023' mlperf
printf '11-23-2026 10:00:01 RAM 2000/7620MB (lfb 4x4MB) CPU [12%%@1510,off,5%%@1510,3%%@1510] EMC_FREQ 5%%@2133 GR3D_FREQ 99%%@612 GPU@45C VDD_IN 8000mW/8000mW VDD_CPU_GPU_CV 2000mW/2000mW VDD_SOC 1500mW/1500mW\n\000start_s,end_s,workload,role,batch\n0,0.5,resnet50,infer,4\n0.5,1,resnet50,infer,4\n' | seed '\024' tegrastats
printf 'time,CPU1,CPU2,GPU,EMC,Power TOT,nvp model\n2026-11-23 10:00:01.5,12,5,99,5,8000,15W\n\000start_s,end_s,workload,role,batch\n0,1,resnet50,infer,4\n' | seed '\025' jtop
seed '\026' dynamic <"$source/experiments/dynamic/steps.json"
